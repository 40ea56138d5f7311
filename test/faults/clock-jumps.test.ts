import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { canarySchema, type EndpointState } from '../../src/core/records/index.ts'
import { openPlatform, type Platform } from '../../src/flows/index.ts'
import { watchJob } from '../../src/flows/keep-watch.ts'
import { createLeases, createScheduler } from '../../src/platform/orchestration/index.ts'
import { endpointStateName, startRollout } from '../../src/stages/deployment/index.ts'
import {
  ENDPOINT,
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createGateway } from '../../src/surfaces/gateway/index.ts'
import { type FixedClock, fixedClock } from '../../src/testkit/index.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const T0 = Date.UTC(2026, 4, 1, 12)
const strategy = canarySchema.parse({
  kind: 'canary',
  steps: [50, 80],
  bake: '1h',
  maxErrorRateIncrease: 0.01,
  minRequests: 10,
})

let folder: string
let scene: GatewayScene
let platform: Platform
let clock: FixedClock
/** What nobody can set. */
let spentMs: number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-clock-'))
  clock = fixedClock(T0)
  spentMs = 0
  scene = await openGatewayScene(join(folder, '.esteira'), { strategy })
  await scene.addVersion('first')
  await scene.addVersion('second')
  writeFileSync(join(folder, 'esteira.config.json'), JSON.stringify(scene.project))
  platform = await openPlatform({ projectFolder: folder, clock })
  for (const version of [1, 2]) await start(version)
})
afterEach(async () => {
  vi.useRealTimers()
  await platform.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function stored() {
  const { revision, value } = await platform.store.readState<EndpointState>(
    endpointStateName(ENDPOINT),
  )
  return { revision, state: value }
}

async function start(version: number): Promise<void> {
  const { revision, state } = await stored()
  const { project } = platform
  const parts = { endpoint: ENDPOINT, model: project.name, policy: project.deployment }
  const step = startRollout({ ...parts, state, version, nowMs: clock.now() })
  await platform.store.writeState(endpointStateName(ENDPOINT), step.state, revision)
}

/** Time goes by as it should. */
function pass(ms: number): void {
  clock.advance(ms)
  spentMs += ms
}

/** Twenty good answers of each version, now. */
async function serve(): Promise<void> {
  const at = `${clock.now()}-${spentMs}`
  const entries = [1, 2].flatMap((version) =>
    Array.from({ length: 20 }, (_, i) => ({
      id: `${version}-${i}-${at}`,
      endpoint: ENDPOINT,
      version,
      role: version === 1 ? ('stable' as const) : ('canary' as const),
      timeMs: clock.now(),
      inputs: { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' },
      output: [0.4, 0.6],
      decision: true,
      latencyUs: 900,
      flags: [],
    })),
  )
  await platform.log.append(entries)
}

function watch() {
  const errors: Record<number, number> = {}
  const gateway = {
    errorsByVersion: () => ({ ...errors }),
    resources: () => null,
    reload: async () => {},
  }
  const job = watchJob(platform, { gateway, everyMs: 1 }, () => spentMs)
  return {
    errors,
    async look() {
      await job.run(new AbortController().signal)
      return (await stored()).state
    },
  }
}

const since = (ms: number) => ({ canary: { step: 0, since: new Date(ms).toISOString() } })

describe('a clock that is set while a canary bakes', () => {
  test('ahead: the bake is not cut short, it begins anew', async () => {
    const { look } = watch()
    await serve()
    await look()
    pass(10 * MINUTE)
    expect(await look()).toMatchObject(since(T0))
    clock.advance(5 * HOUR)
    expect(await look()).toMatchObject(since(clock.now()))
    pass(59 * MINUTE)
    await serve()
    expect(await look()).toMatchObject({ canary: { step: 0 } })
    pass(2 * MINUTE)
    expect(await look()).toMatchObject({ canary: { step: 1, percent: 80 } })
    const decisions = (await platform.store.list('rollout-decision')).map(({ record }) => record)
    const codes = decisions.flatMap(({ reasons }) => reasons.map(({ code }) => code))
    expect(codes).toContain('clock-set')
  })

  test.each([
    ['in a watch that saw it', true],
    ['before the watch began', false],
  ])(
    'back, %s: what the version does is seen at once, not when the time comes again',
    async (_, sawIt) => {
      const first = watch()
      await serve()
      if (sawIt) await first.look()
      clock.advance(-5 * HOUR)
      const { look, errors } = sawIt ? first : watch()
      expect(await look()).toMatchObject(since(clock.now()))
      await serve()
      pass(MINUTE)
      expect(await look()).toMatchObject({ canary: { step: 0 } })
      errors[2] = 30
      expect(await look()).toMatchObject({ state: 'stable', stable: 1, canary: null })
    },
  )
})

test('a job that is due every minute runs on after the clock was set back', async () => {
  let runs = 0
  const { database } = platform
  const scheduler = createScheduler({
    database,
    leases: createLeases(database, { owner: 'a server', clock }),
    jobs: [
      {
        name: 'look',
        everyMs: MINUTE,
        run: async () => {
          runs++
        },
      },
    ],
    onFailure: (error) => expect(error).toBeUndefined(),
    clock,
  })
  await scheduler.runDue()
  pass(MINUTE)
  await scheduler.runDue()
  expect(runs).toBe(1)
  clock.advance(-5 * HOUR)
  await scheduler.runDue()
  expect(runs).toBe(2)
  await scheduler.runDue()
  expect(runs).toBe(2)
  pass(MINUTE)
  await scheduler.runDue()
  expect(runs).toBe(3)
  await scheduler.stop()
})

test('a lease whose holder died is free again after the clock was set back', async () => {
  const leasesOf = (owner: string) => createLeases(platform.database, { owner, clock })
  expect(await leasesOf('killed').acquire('job/look', 30_000)).toBeDefined()
  clock.advance(-5 * MINUTE)
  expect(await leasesOf('another').acquire('job/look', 30_000)).toBeUndefined()
  clock.advance(-5 * HOUR)
  expect(await leasesOf('another').acquire('job/look', 30_000)).toBeDefined()
})

test('requests go on while the clock jumps: deadlines, rates and the log hold', async () => {
  const perCaller = { requestsPerSecond: 0.001, burst: 6 }
  const limits = { ...scene.project.deployment.limits, perCaller }
  const project = { ...scene.project, deployment: { ...scene.project.deployment, limits } }
  vi.useFakeTimers({ toFake: ['Date'] })
  const gateway = createGateway({ ...scene, project, clock: { now: () => Date.now() } })
  await gateway.listen()
  const times: number[] = []
  const ask = async (atMs: number) => {
    vi.setSystemTime(atMs)
    times.push(atMs)
    const of = (name: string, datatype: string, value: unknown) => {
      return { name, datatype, shape: [1], data: [value] }
    }
    const response = await fetch(`${gateway.address}/v2/models/${ENDPOINT}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'grpc-timeout': '30S' },
      body: JSON.stringify({
        id: `at-${times.length}`,
        inputs: [
          of('distance', 'FP64', 900),
          of('hour', 'FP64', 12),
          of('carrier', 'BYTES', 'B6'),
          of('origin', 'BYTES', 'JFK'),
        ],
      }),
    })
    await response.body?.cancel()
    return response.status
  }
  try {
    // Six may come at once, and then one in a quarter of an hour, whatever the clock says.
    for (const hours of [0, 10, -10, 48, -48, 0]) expect(await ask(T0 + hours * HOUR)).toBe(200)
    expect(await ask(T0 + 100 * HOUR)).toBe(429)
    expect(await ask(T0 - 100 * HOUR)).toBe(429)
  } finally {
    await gateway.close()
  }
  const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })
  expect(logged.map(({ timeMs }) => timeMs).toSorted()).toEqual(times.slice(0, 6).toSorted())
  const early = { endpoint: ENDPOINT, fromMs: T0 - 60 * HOUR, toMs: T0 - HOUR }
  expect(await scene.log.window(early)).toHaveLength(2)
})
