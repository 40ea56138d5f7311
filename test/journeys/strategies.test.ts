import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EndpointState, RolloutDecision } from '../../src/core/records/index.ts'
import type { ProjectInput } from '../../src/index.ts'
import { openPredictionLog, type PredictionLog } from '../../src/platform/prediction-log/index.ts'
import { csvOf } from './fixtures/churn.ts'
import { documentOf, failureOf } from './fixtures/esteira.ts'
import { projectFolder } from './fixtures/folders.ts'
import { readings, sensorProject } from './fixtures/sensor.ts'

const SENSORS = 20
const READINGS = csvOf(readings(32, SENSORS))

type Strategy = NonNullable<NonNullable<ProjectInput['deployment']>['strategy']>

/** A project whose new versions are rolled out by a strategy; the replay trains one after four days. */
async function replayed(strategy: Strategy): Promise<string> {
  const project = sensorProject()
  const folder = projectFolder({
    'readings.csv': READINGS,
    'esteira.config.json': {
      ...project,
      deployment: { strategy },
      replay: { from: '2024-01-21', until: '2024-01-28', concurrency: 8 },
    },
  })
  await documentOf(folder, ['run'])
  await documentOf(folder, ['replay'])
  return folder
}

interface Status {
  readonly state: EndpointState
  readonly rollout: { readonly kind: string; readonly version: number } | null
}

function explain(folder: string): Promise<RolloutDecision[]> {
  return documentOf<RolloutDecision[]>(folder, ['rollout', 'explain', '--limit', '1000'])
}

const codesOf = (decision: RolloutDecision | undefined) =>
  decision?.reasons.map(({ code }) => code) ?? []

async function withLog<T>(folder: string, work: (log: PredictionLog) => Promise<T>): Promise<T> {
  const log = await openPredictionLog(path.join(folder, '.esteira/predictions'))
  try {
    return await work(log)
  } finally {
    await log.close()
  }
}

const everything = { endpoint: 'machines', fromMs: 0, toMs: 1e15 }

describe('a replay with real traffic', () => {
  test('runs an A/B run to its end, each machine in one arm; then versions are rolled out by hand', async () => {
    const folder = await replayed({
      kind: 'ab-test',
      key: { column: 'machine' },
      metric: 'valuePerDecision',
      minSamples: 10,
      maxDuration: '2d',
      guardRails: { maxLatencyRatio: 1_000, minRequests: 10 },
    })
    const [first, started, ended] = await explain(folder)
    expect(first?.action).toBe('switch')
    expect(started).toMatchObject({ action: 'start-ab-test', version: 2, percent: 50 })
    // Both were trained on nearly the same rows: whatever twenty machines show, money says how much.
    expect(['roll-back', 'complete']).toContain(ended?.action)
    expect(codesOf(ended)).toContain('money-difference')
    await withLog(folder, async (log) => {
      const all = await log.window(everything)
      const tried = all.filter(({ role }) => role === 'control' || role === 'treatment')
      const arms = new Map<string, Set<string>>()
      for (const { id, role } of tried) {
        const machine = `m${((Number(id.slice(1)) - 1) % SENSORS) + 1}`
        arms.set(machine, (arms.get(machine) ?? new Set()).add(role))
      }
      expect(arms.size).toBe(SENSORS)
      for (const roles of arms.values()) expect(roles.size).toBe(1)
    })
    await changeByHand(folder)
  }, 300_000)

  test('shows a version to a shadow, goes on to a canary, and that one to all traffic', async () => {
    const folder = await replayed({
      kind: 'shadow',
      minRequests: 50,
      maxQueued: 10_000,
      maxLatencyRatio: 1_000,
      maxChangedDecisions: 0.5,
      next: { kind: 'canary', steps: [50], bake: '1d', minRequests: 10, maxLatencyRatio: 1_000 },
    })
    const decisions = await explain(folder)
    expect(decisions.slice(0, 4).map(({ action }) => action)).toEqual([
      'switch',
      'start-shadow',
      'start-canary',
      'complete',
    ])
    expect(codesOf(decisions[2])).toEqual(
      expect.arrayContaining(['decisions-kept', 'shadow-report', 'canary-started']),
    )
    await withLog(folder, async (log) => {
      const mirrored = await log.mirrored({ ...everything, version: 2 })
      const given = new Map((await log.window(everything)).map(({ id, version }) => [id, version]))
      expect(mirrored.length).toBeGreaterThanOrEqual(50)
      for (const { id, outcome } of mirrored) {
        expect(outcome).toBe('compared')
        expect(given.get(id)).toBe(1)
      }
      const roles = new Set(
        (await log.window({ ...everything, version: 2 })).map(({ role }) => role),
      )
      expect(roles).toEqual(new Set(['canary', 'stable']))
    })
  }, 300_000)
})

/** Starts, watches, gives up and hurries rollouts of version 2 or 1, whichever does not answer. */
async function changeByHand(folder: string): Promise<void> {
  const rollout = (...args: string[]) => documentOf<Status>(folder, ['rollout', ...args])
  const before = await rollout('status')
  if (before.rollout !== null) await rollout('abort', '--reason', 'enough seen')
  const version = before.state.stable === 1 ? 2 : 1
  await rollout('start', String(version), '--strategy', 'canary', '--reason', 'a second look')
  expect(await rollout('status')).toMatchObject({ rollout: { kind: 'canary', version } })
  await rollout('abort', '--reason', 'not now')
  const { exit, error } = await failureOf(folder, ['rollout', 'promote', '--reason', 'late'])
  expect(error.code).toBe('NO_ROLLOUT_UNDER_WAY')
  expect(exit).toBe(8)
  await rollout('start', String(version), '--strategy', 'shadow', '--reason', 'a third look')
  const promoted = await rollout('promote', '--reason', 'seen enough')
  expect(promoted.state).toMatchObject({ stable: version, state: 'stable' })
}
