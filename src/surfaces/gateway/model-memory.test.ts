import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { estimateMemory } from '../../platform/inference/index.ts'
import { createGatewayServer, type GatewayServer } from './create-gateway.ts'
import { askNumber } from './fixtures/ask-number.ts'
import { openWrittenEndpoint, type WrittenEndpoint } from './fixtures/written-endpoint.ts'

let folder: string
let gateway: GatewayServer | undefined
let scenes: WrittenEndpoint[] = []
/** What one of the models takes. */
let modelBytes: number
const paths = new Map<string, string>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-memory-'))
})
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
  for (const scene of scenes) await scene.close()
  scenes = []
  rmSync(folder, { recursive: true })
})

/** Opens endpoints `e0`, `e1`, … that answer 100, 101, …; `room` is how many models fit. */
async function serve(count: number, room: number, pinned: readonly string[] = []) {
  for (let i = 0; i < count; i++) {
    const scene = await openWrittenEndpoint(folder, `e${i}`)
    scenes.push(scene)
    const { version, path } = await scene.addModel({ value: 100 + i })
    paths.set(scene.name, path)
    modelBytes = await estimateMemory(path)
    await scene.rollOut(version)
  }
  gateway = createGatewayServer({
    endpoints: scenes.map(({ name, options }) => ({ ...options, isPinned: pinned.includes(name) })),
    memoryBudgetBytes: Math.floor(modelBytes * (room + 0.5)),
  })
  await gateway.listen()
  return gateway
}

function loaded(): string[] {
  const all = gateway?.service.endpoints.all ?? []
  return all.filter(({ endpoint }) => endpoint.pool.loaded().length > 0).map(({ name }) => name)
}

function loads(name: string): number {
  return gateway?.service.endpoints.find(name).endpoint.pool.counts.loads ?? Number.NaN
}

async function get(path: string) {
  const response = await fetch(`${gateway?.address}${path}`)
  return { status: response.status, body: await response.json() }
}

describe('models within a memory budget', () => {
  test('the least recently used leave; all stay ready and come back when asked', async () => {
    const { address } = await serve(4, 2)
    expect(loaded()).toEqual(['e2', 'e3'])
    expect((await get('/v2/health/ready')).status).toBe(200)
    expect((await get('/v2/models/e0/ready')).status).toBe(200)
    expect(await askNumber(address, 'e0')).toMatchObject({ status: 200, value: 100 })
    expect(loaded()).toEqual(['e0', 'e3'])
    await askNumber(address, 'e3')
    await askNumber(address, 'e1')
    expect(loaded()).toEqual(['e1', 'e3'])
  })

  test('the report, the repository and the metrics tell who is out', async () => {
    await serve(2, 1)
    expect((await get('/v1/endpoints/e0')).body).toMatchObject({
      ready: true,
      problems: [],
      revisions: [{ version: 1, status: 'unloaded', memoryBytes: 0, error: null }],
    })
    const index = await fetch(`${gateway?.address}/v2/repository/index`, { method: 'POST' })
    expect(await index.json()).toEqual([
      { name: 'e0', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' },
      { name: 'e1', version: '1', state: 'READY', reason: '' },
    ])
    const metrics = await (await fetch(`${gateway?.address}/metrics`)).text()
    for (const line of [
      'esteira_gateway_model_memory_bytes{model="e0",version="1"} 0',
      `esteira_gateway_model_memory_bytes{model="e1",version="1"} ${modelBytes}`,
      'esteira_gateway_model_loads_total{model="e0"} 1',
      'esteira_gateway_model_unloads_total{model="e0"} 1',
      'esteira_gateway_model_unloads_total{model="e1"} 0',
      'esteira_gateway_loaded_revisions{model="e0"} 0',
    ]) {
      expect(metrics).toContain(`${line}\n`)
    }
  })

  test('ten endpoints in the room of three, all asked at once: nothing lost, nothing mixed up', async () => {
    const { address, service } = await serve(10, 3)
    let most = 0
    const places = Array.from({ length: 12 }, async (_, place) => {
      const answers = []
      for (let i = 0; i < 25; i++) {
        const at = (place * 7 + i * 3) % 10
        const { status, value } = await askNumber(address, `e${at}`, { id: `${place}-${i}` })
        most = Math.max(most, loaded().length)
        answers.push({ at, status, value })
      }
      return answers
    })
    const answers = (await Promise.all(places)).flat()
    expect(answers.filter(({ at, status, value }) => status !== 200 || value !== 100 + at)).toEqual(
      [],
    )
    expect(most).toBeLessThanOrEqual(3)
    for (const { name, options } of scenes) {
      const expected = answers.filter(({ at }) => `e${at}` === name).length
      const logged = await options.log.window({ endpoint: name, fromMs: 0, toMs: 1e15 })
      expect(logged).toHaveLength(expected)
    }
    const unloads = service.endpoints.all.map(({ endpoint }) => endpoint.pool.counts.unloads)
    expect(unloads.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(10)
  })

  test('many requests for a model that is out load it once', async () => {
    const { address } = await serve(2, 1)
    const before = loads('e0')
    const answers = await Promise.all(Array.from({ length: 30 }, () => askNumber(address, 'e0')))
    expect(new Set(answers.map(({ value }) => value))).toEqual(new Set([100]))
    expect(loads('e0')).toBe(before + 1)
  })

  test('a pinned endpoint stays, and the others share what is left', async () => {
    const { address } = await serve(3, 2, ['e0'])
    for (const name of ['e1', 'e2', 'e1', 'e2']) {
      expect((await askNumber(address, name)).status).toBe(200)
      expect(loaded()).toContain('e0')
    }
    expect(loads('e0')).toBe(1)
  })

  test('a model larger than the whole budget is refused with the reason', async () => {
    const { address } = await serve(1, 0)
    const { body } = await get('/v1/endpoints/e0')
    expect(body).toMatchObject({ ready: false })
    const reason = /^The model takes about 0\.3 MiB, more than the memory budget of 0\.1 MiB leaves/
    expect((body as { problems: string[] }).problems[0]).toMatch(reason)
    const refused = await askNumber(address, 'e0')
    expect(refused).toMatchObject({ status: 503, body: { code: 'ENDPOINT_NOT_READY' } })
    expect(refused.body.error).toContain('more than the memory budget')
  })

  test('a switch of versions in the room of one loses no request', async () => {
    const { address, service } = await serve(1, 1)
    const [scene] = scenes
    const { version } = (await scene?.addModel({ value: 200 })) ?? { version: Number.NaN }
    const answers: { status: number; value: number | undefined; version: number }[] = []
    let isDone = false
    const places = Array.from({ length: 6 }, async () => {
      while (!isDone) answers.push(await askNumber(address, 'e0'))
    })
    const seen = (value: number) => answers.filter((answer) => answer.value === value).length
    await expect.poll(() => seen(100)).toBeGreaterThan(20)
    await scene?.rollOut(version)
    await expect.poll(() => seen(200), { timeout: 10_000 }).toBeGreaterThan(20)
    await scene?.rollBack()
    const before = seen(100)
    await expect.poll(() => seen(100), { timeout: 10_000 }).toBeGreaterThan(before + 20)
    isDone = true
    await Promise.all(places)
    const wrong = answers.filter(
      ({ status, ...answer }) => status !== 200 || answer.value !== answer.version * 100,
    )
    expect(wrong).toEqual([])
    expect(service.ready).toBe(true)
  })
})

describe('a file that is broken while its model is out', () => {
  test('is told with 503 and Retry-After, takes nobody else along, and is found when mended', async () => {
    const { address, service } = await serve(2, 1)
    expect(loaded()).toEqual(['e1'])
    const path = paths.get('e0') ?? ''
    const bytes = readFileSync(path)
    chmodSync(path, 0o644)
    writeFileSync(path, bytes.subarray(0, bytes.length - 1))
    const refused = await askNumber(address, 'e0')
    expect(refused).toMatchObject({
      status: 503,
      retryAfter: '1',
      body: { code: 'MODEL_NOT_IN_MEMORY' },
    })
    expect(refused.body.error).toContain('its digest is')
    expect((await get('/v2/models/e0/ready')).status).toBe(503)
    expect((await get('/v2/health/ready')).status).toBe(200)
    const { body } = await get('/v1/endpoints/e0')
    expect(body).toMatchObject({ ready: false, revisions: [{ version: 1, status: 'failed' }] })
    expect(await askNumber(address, 'e1')).toMatchObject({ status: 200, value: 101 })
    writeFileSync(path, bytes)
    await service.endpoints.find('e0').reload()
    expect(await askNumber(address, 'e0')).toMatchObject({ status: 200, value: 100 })
    expect((await get('/v2/models/e0/ready')).status).toBe(200)
  })

  test('is found mended without anybody asking, by the next look at the state', async () => {
    await serve(2, 1)
    const path = paths.get('e0') ?? ''
    const bytes = readFileSync(path)
    chmodSync(path, 0o644)
    writeFileSync(path, 'nothing')
    expect((await askNumber(gateway?.address, 'e0')).status).toBe(503)
    writeFileSync(path, bytes)
    const ready = async () => (await get('/v2/models/e0/ready')).status
    await expect.poll(ready, { timeout: 10_000 }).toBe(200)
  })
})
