import { getPriority } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { EndpointState } from '../../src/core/records/index.ts'
import type { Dialect } from '../../src/platform/database/index.ts'
import { endpointStateName } from '../../src/stages/deployment/index.ts'
import { promoteVersion } from '../../src/stages/registry/index.ts'
import { ENDPOINT } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { DIALECTS } from '../../src/testkit/index.ts'
import type { ServerProcess } from '../faults/fixtures/server-process.ts'
import {
  ask,
  expectedOf,
  type GatewayProcesses,
  openGatewayProcesses,
  untilTrue,
} from './fixtures/gateway-processes.ts'
import {
  commandLineOf,
  lookersOf,
  openStoredWatch,
  type StoredWatch,
} from './fixtures/stored-watch.ts'

const TIMEOUT = 60_000
const NICE = 10

let processes: GatewayProcesses | undefined
let watch: StoredWatch | undefined
afterEach(async () => {
  await watch?.close()
  await processes?.dispose()
})

/** Registers a version that may be rolled out. */
async function addFitVersion({ store, addVersion, project }: GatewayProcesses['scene']) {
  await store.put('verdict', 'verdict_1', {
    id: 'verdict_1',
    outcome: 'yes',
    candidate: 'fixture',
    evaluation: 'evaluation_1',
    champion: null,
    policyDigest: 'c'.repeat(64),
    criteria: [],
    reasons: [],
  })
  const { version } = await addVersion('second')
  for (const environment of ['development', 'staging'] as const) {
    const entry = { store, model: project.name, version, environment, by: 'ana', reason: 'fit' }
    await promoteVersion({ ...entry, atMs: Date.now() })
  }
}

interface Canary {
  /** @default serve, of the whole server */
  readonly command?: 'gateway' | 'serve'
  readonly args?: readonly string[]
  readonly bounds?: Readonly<Record<string, unknown>>
}

/** A server that answers with a canary at half of the traffic. */
async function openCanary(dialect: Dialect, { command = 'serve', args, bounds }: Canary = {}) {
  const strategy = { kind: 'canary', steps: [50], bake: 1, minRequests: 10, ...bounds } as never
  processes = await openGatewayProcesses(dialect, { strategy })
  const { scene, start, databaseUrl } = processes
  await addFitVersion(scene)
  await scene.rollOut(2)
  const server = await start(args, command)
  watch = await openStoredWatch(databaseUrl)
  const { hurry, lastError } = watch
  return { server, hurry, lastError, stateOf: () => stateOf(scene.store) }
}

async function stateOf(store: GatewayProcesses['scene']['store']) {
  return (await store.readState<EndpointState>(endpointStateName(ENDPOINT))).value
}

/** @returns the versions that answered; every answer is right */
async function askMany(url: string, name: string): Promise<ReadonlySet<number>> {
  const versions = new Set<number>()
  for (let row = 0; row < 60; row++) {
    const { status, version, probability } = await ask(url, { row, id: `${name}-${row}` })
    expect(status).toBe(200)
    expect(probability).toBeCloseTo(expectedOf(row), 4)
    versions.add(version)
  }
  return versions
}

async function askNonsense(url: string, id: string): Promise<void> {
  const inputs = [{ name: 'nonsense', datatype: 'FP64', shape: [1], data: [1] }]
  const answer = await fetch(`${url}/v2/models/${ENDPOINT}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ id, inputs }),
  })
  expect(answer.status).toBe(400)
}

/** Waits for the process that takes the look, and holds it. */
async function holdLooker(server: ServerProcess): Promise<number> {
  await untilTrue(() => lookersOf(server).length === 1)
  const [pid = 0] = lookersOf(server)
  process.kill(pid, 'SIGSTOP')
  return pid
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.each(DIALECTS)('the watch of a server on %s', (dialect) => {
  it.each([
    ['esteira serve', { command: 'serve' }],
    ['esteira gateway', { command: 'gateway' }],
    ['esteira gateway with two workers', { command: 'gateway', args: ['--workers', '2'] }],
  ] as const)(
    '%s: a canary is judged by another process, and what answers follows',
    {
      timeout: TIMEOUT,
    },
    async (_, command) => {
      const { server, hurry, stateOf } = await openCanary(dialect, {
        ...command,
        bounds: { maxLatencyRatio: 1_000 },
      })
      expect(await askMany(server.url, 'before')).toEqual(new Set([1, 2]))
      expect(lookersOf(server)).toEqual([])
      await hurry()
      await untilTrue(async () => (await stateOf())?.state === 'stable')
      expect(await stateOf()).toMatchObject({ stable: 2, canary: null })
      await untilTrue(async () => (await askMany(server.url, 'after')).size === 1)
      // With nothing to judge nobody is started.
      await untilTrue(() => lookersOf(server).length === 0)
      expect(server.errors()).not.toContain('watching failed')
      expect(await server.stop()).toBe(0)
    },
  )
})

it('a version whose requests fail goes back, as what answers has counted them', {
  timeout: TIMEOUT,
}, async () => {
  const bounds = { maxErrorRateIncrease: 0.1, bake: '1h' }
  const { server, hurry, stateOf } = await openCanary('sqlite', { bounds })
  expect(await askMany(server.url, 'before')).toEqual(new Set([1, 2]))
  for (let row = 0; row < 60; row++) {
    // An id meets the same version again: only the new one gets requests that no model can answer.
    const { version } = await ask(server.url, { row, id: `before-${row}` })
    if (version === 2) await askNonsense(server.url, `before-${row}`)
  }
  await hurry()
  await untilTrue(async () => (await stateOf())?.state === 'stable')
  expect(await stateOf()).toMatchObject({ stable: 1, canary: null })
  await untilTrue(async () => !(await askMany(server.url, 'after')).has(2))
})

it('its process is killed: answers go on, it is told, and the next look is taken', {
  timeout: TIMEOUT,
}, async () => {
  const bounds = { maxLatencyRatio: 1_000 }
  const { server, hurry, stateOf, lastError } = await openCanary('sqlite', { bounds })
  await askMany(server.url, 'before')
  await hurry()
  const victim = await holdLooker(server)
  expect(await askMany(server.url, 'beside')).toEqual(new Set([1, 2]))
  process.kill(victim, 'SIGKILL')
  await untilTrue(async () => (await lastError()) !== undefined)
  expect(await lastError()).toContain('ended with SIGKILL')
  expect(server.errors().trim()).toMatch(/^watching failed: PlatformError: .*SIGKILL.*$/)
  await hurry()
  await untilTrue(async () => (await stateOf())?.state === 'stable')
  expect(await stateOf()).toMatchObject({ stable: 2 })
  await untilTrue(async () => (await lastError()) === null)
})

it('its process yields to what answers, and its command line says nothing', {
  timeout: TIMEOUT,
}, async () => {
  const { server, hurry } = await openCanary('postgres')
  await hurry()
  const pid = await holdLooker(server)
  const [, program, ...rest] = commandLineOf(pid)
  expect(path.basename(program ?? '')).toBe('watch-process.ts')
  expect(rest).toEqual([])
  process.kill(pid, 'SIGCONT')
  await untilTrue(() => !isRunning(pid) || getPriority(pid) === NICE)
  expect(isRunning(pid)).toBe(true)
})

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s for all of a terminal ends the look by its parent, in order',
  { timeout: TIMEOUT },
  async (signal) => {
    const { server, hurry, lastError } = await openCanary('sqlite')
    await hurry()
    const pid = await holdLooker(server)
    process.kill(pid, signal)
    server.child.kill(signal)
    process.kill(pid, 'SIGCONT')
    await untilTrue(() => !server.isRunning())
    expect(server.child.exitCode).toBe(0)
    expect(server.errors()).not.toContain('watching failed')
    expect(isRunning(pid)).toBe(false)
    // Whether it was over before or is due still: no failure.
    expect((await lastError()) ?? null).toBeNull()
  },
)

it('ends with its server, even when that one is killed, and leaves the rest undone', {
  timeout: TIMEOUT,
}, async () => {
  const bounds = { maxLatencyRatio: 1_000 }
  const { server, hurry, stateOf } = await openCanary('sqlite', { bounds })
  await askMany(server.url, 'before')
  await hurry()
  const pid = await holdLooker(server)
  await server.kill()
  process.kill(pid, 'SIGCONT')
  await untilTrue(() => !isRunning(pid))
  expect(await stateOf()).toMatchObject({ state: 'canary' })
})
