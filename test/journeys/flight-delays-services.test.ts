import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningServices, startServices } from '../../examples/flight-delays/services/start.ts'

const example = path.join(import.meta.dirname, '../../examples/flight-delays')

let folder: string
let running: RunningServices[]

beforeEach(async () => {
  running = []
  folder = await mkdtemp(path.join(tmpdir(), 'flight-services-'))
  mkdirSync(path.join(folder, 'data'))
  for (const name of ['weather.parquet', 'planes.parquet']) {
    copyFileSync(path.join(example, 'data', name), path.join(folder, 'data', name))
  }
})

afterEach(async () => {
  for (const services of running) await services.stop()
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<RunningServices> {
  const services = await startServices({ folder })
  running.push(services)
  return services
}

async function stop(services: RunningServices): Promise<void> {
  running = running.filter((each) => each !== services)
  await services.stop()
}

const databasePath = () => path.join(folder, '.esteira/services/weather.db')

test('the weather database holds every observation as it was published', async () => {
  await start()
  using database = new DatabaseSync(databasePath(), { readOnly: true })
  expect({
    ...database
      .prepare(`SELECT count(*) AS n, min(time_hour) AS first, max(known_at) AS last,
        count(*) FILTER (WHERE pressure IS NULL) AS without_pressure FROM weather`)
      .get(),
  }).toEqual({
    n: 26_115,
    first: '2013-01-01 06:00:00',
    last: '2013-12-31 00:00:00',
    without_pressure: 2_729,
  })
  expect({
    ...database
      .prepare("SELECT temp, wind_dir, wind_gust, known_at FROM weather WHERE origin = 'EWR'")
      .get(),
  }).toEqual({ temp: 39.02, wind_dir: 270, wind_gust: null, known_at: '2013-01-01 07:00:00' })
})

test('the weather database is the same bytes however often it is built', async () => {
  await start()
  const first = readFileSync(databasePath())
  await rm(databasePath())
  await start()
  expect(readFileSync(databasePath()).equals(first)).toBe(true)
  expect(readdirSync(path.dirname(databasePath()))).toEqual(['weather.db'])
})

test('a database that fits the file is left alone, a broken or outdated one replaced', async () => {
  await start()
  using fitting = new DatabaseSync(databasePath())
  fitting.exec("DELETE FROM weather WHERE origin = 'EWR'")
  fitting.close()
  await start()
  expect(observations()).toBeLessThan(26_115)

  using outdated = new DatabaseSync(databasePath())
  outdated.exec("UPDATE built_from SET sha256 = 'another'")
  outdated.close()
  await start()
  expect(observations()).toBe(26_115)

  writeFileSync(databasePath(), 'no database')
  await start()
  expect(observations()).toBe(26_115)
})

function observations(): unknown {
  using database = new DatabaseSync(databasePath(), { readOnly: true })
  return database.prepare('SELECT count(*) AS n FROM weather').get()?.n
}

test('two starts at once both find a whole database', async () => {
  await Promise.all([start(), start(), start()])
  expect(observations()).toBe(26_115)
  expect(readdirSync(path.dirname(databasePath()))).toEqual(['weather.db'])
})

test('the planes API pages through every aircraft once, then answers an empty page', async () => {
  const { environment } = await start()
  const pages = []
  for (let page = 1; pages.at(-1)?.length !== 0; page++) {
    const response = await fetch(`${environment.PLANES_API_URL}?page=${page}&size=500`)
    const body: unknown = await response.json()
    expect(body).toMatchObject({ page, size: 500, total: 3_322 })
    pages.push(planesOf(body))
  }
  expect(pages.map((page) => page.length)).toEqual([500, 500, 500, 500, 500, 500, 322, 0])
  const tails = pages.flat().map(({ tailnum }) => String(tailnum))
  expect(new Set(tails).size).toBe(3_322)
  expect(tails).toEqual(tails.toSorted())
  expect(pages[0]?.[0]).toMatchObject({ tailnum: 'N10156', year: 2004, seats: 55, speed: null })
})

function planesOf(body: unknown): Record<string, unknown>[] {
  if (typeof body === 'object' && body !== null && 'planes' in body && Array.isArray(body.planes)) {
    return body.planes
  }
  throw new Error('the answer has no planes')
}

test.each([
  ['?page=0', 400],
  ['?page=one', 400],
  ['?size=1001', 400],
  ['?size=-5', 400],
  ['/N10156', 404],
])('the planes API refuses "%s" with %i', async (suffix, status) => {
  const { environment } = await start()
  const response = await fetch(`${environment.PLANES_API_URL}${suffix}`)
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error: expect.any(String) })
})

test('the planes API only reads, and listens on this machine alone', async () => {
  const { environment } = await start()
  expect(new URL(environment.PLANES_API_URL).hostname).toBe('127.0.0.1')
  expect((await fetch(environment.PLANES_API_URL, { method: 'POST' })).status).toBe(405)
})

test('a stopped service answers no more', async () => {
  const services = await start()
  const address = services.environment.PLANES_API_URL
  expect((await fetch(address)).status).toBe(200)
  await stop(services)
  await expect(fetch(address)).rejects.toThrow()
})

test.each(['SIGTERM', 'end of input'] as const)(
  'the services by themselves end on %s',
  async (how) => {
    const child = spawn(process.execPath, [path.join(example, 'services/serve.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    try {
      const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
      const { PLANES_API_URL } = JSON.parse(line)
      expect((await fetch(PLANES_API_URL)).status).toBe(200)
      const exited = once(child, 'exit')
      if (how === 'SIGTERM') child.kill('SIGTERM')
      else child.stdin.end()
      expect(await exited).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  },
)
