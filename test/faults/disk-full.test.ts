import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { artifactUrl, mlflow, newExperiment, newRun, runData, send } from './fixtures/requests.ts'
import { type ServerProcess, startServer } from './fixtures/server-process.ts'

const endings: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'esteira-full-'))
  endings.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start(options: Parameters<typeof startServer>[0]): Promise<ServerProcess> {
  const server = await startServer(options)
  endings.push(() => server.kill())
  return server
}

const FULL = { status: 507, body: { error_code: 'RESOURCE_EXHAUSTED' } }
const MOST_BATCHES = 500

/** Logs batches until one is refused. @returns the acknowledged keys and the refusal */
async function logUntilFull(url: string, runId: string) {
  const acknowledged: string[] = []
  for (let turn = 0; turn < MOST_BATCHES; turn++) {
    const tag = { key: `tag-${turn}`, value: 'x'.repeat(4_000) }
    const answer = await mlflow(url)('runs/set-tag', { run_id: runId, ...tag })
    if (answer.status !== 200) return { acknowledged, refusal: answer }
    acknowledged.push(tag.key)
  }
  throw new Error(`${MOST_BATCHES} writes fitted in; the place is too large for this test`)
}

async function expectAll(url: string, runId: string, acknowledged: readonly string[]) {
  const { tags = [] } = await runData(url, runId)
  const keys = new Set(tags.map(({ key }) => key))
  expect(acknowledged.filter((key) => !keys.has(key))).toEqual([])
}

describe('a server that may write no larger file', () => {
  it('says that its database is full, keeps what it acknowledged, goes on with room', async () => {
    const folder = newFolder()
    const free = await start({ folder })
    const runId = await newRun(free.url, await newExperiment(free.url, 'full'))
    await free.stop()
    const tight = await start({ folder, maxFileKibibytes: 1_500 })
    const { acknowledged, refusal } = await logUntilFull(tight.url, runId)
    expect(refusal).toMatchObject(FULL)
    const own = await send(`${tight.url}/api/v1/runs/${runId}/log`, {
      body: { tags: { large: 'x'.repeat(8_000) } },
    })
    expect(own).toMatchObject({
      status: 507,
      body: { error: { code: 'STORAGE_FULL', retryable: true } },
    })
    expect(tight.isRunning()).toBe(true)
    await expectAll(tight.url, runId, acknowledged)
    await tight.kill()
    const roomy = await start({ folder })
    await expectAll(roomy.url, runId, acknowledged)
    const tag = { run_id: runId, key: 'after', value: 'there is room' }
    expect((await mlflow(roomy.url)('runs/set-tag', tag)).status).toBe(200)
    const audit = await send(`${roomy.url}/api/v1/audit/verification`)
    expect(audit.body).toMatchObject({ ok: true })
  })

  it('takes artifacts that fit, and leaves nothing of one that does not', async () => {
    const folder = newFolder()
    const server = await start({ folder, maxFileKibibytes: 4_000 })
    const experimentId = await newExperiment(server.url, 'large')
    const runId = await newRun(server.url, experimentId)
    const place = { experimentId, runId, path: 'large.bin' }
    const put = (bytes: number) =>
      send(artifactUrl(server.url, place), { method: 'PUT', body: new Uint8Array(bytes) })
    expect((await put(1_000_000)).status).toBe(200)
    expect(await put(8_000_000)).toMatchObject(FULL)
    // The one that fitted stands as it was: a refused file replaces nothing.
    const kept = await fetch(artifactUrl(server.url, place))
    expect((await kept.arrayBuffer()).byteLength).toBe(1_000_000)
    expect((await put(500_000)).status).toBe(200)
    const found = execFileSync('find', [path.join(folder, 'mlartifacts'), '-type', 'f'])
    expect(found.toString().trim().split('\n')).toHaveLength(1)
  })
})

const mayMount = process.getuid?.() === 0 && canMount()

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'esteira-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Where the test may mount, a disk that is really full and gets room again under a running server.
describe.runIf(mayMount)('a server whose disk is full', () => {
  it('refuses writes until there is room, without a restart', async () => {
    const folder = newFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
    endings.push(() => {
      execFileSync('umount', ['-l', folder])
    })
    const server = await start({ folder })
    const experimentId = await newExperiment(server.url, 'full')
    const runId = await newRun(server.url, experimentId)
    const ballast = path.join(folder, 'ballast')
    const { bavail, bsize } = statfsSync(folder)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 200_000))
    const { acknowledged, refusal } = await logUntilFull(server.url, runId)
    expect(refusal).toMatchObject(FULL)
    const place = { experimentId, runId, path: 'large.bin' }
    const put = () =>
      send(artifactUrl(server.url, place), { method: 'PUT', body: new Uint8Array(1_000_000) })
    expect(await put()).toMatchObject(FULL)
    await expectAll(server.url, runId, acknowledged)
    rmSync(ballast)
    const tag = { run_id: runId, key: 'after', value: 'there is room' }
    expect((await mlflow(server.url)('runs/set-tag', tag)).status).toBe(200)
    expect((await put()).status).toBe(200)
    await expectAll(server.url, runId, [...acknowledged, 'after'])
  })
})
