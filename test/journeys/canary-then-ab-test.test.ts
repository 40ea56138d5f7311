import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EndpointState, RolloutDecision } from '../../src/core/records/index.ts'
import type { ProjectInput } from '../../src/index.ts'
import { openPredictionLog } from '../../src/platform/prediction-log/index.ts'
import { csvOf } from './fixtures/churn.ts'
import { documentOf, esteira, startEsteira, untilProcessesEnd } from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'
import { readings, sensorProject } from './fixtures/sensor.ts'

const MACHINES = 20
const READINGS = csvOf(readings(32, MACHINES))
const PERMISSIVE = { maxLatencyRatio: 1_000, minRequests: 10 }

/** A day of canary on half of the readings, then an A/B run of at most two days. */
function project(changes: Partial<ProjectInput> = {}): ProjectInput {
  return {
    ...sensorProject(),
    deployment: {
      strategy: {
        kind: 'canary',
        steps: [50],
        bake: '1d',
        ...PERMISSIVE,
        next: {
          kind: 'ab-test',
          key: 'parameters.key',
          metric: 'valuePerDecision',
          minSamples: 50,
          maxDuration: '2d',
          guardRails: PERMISSIVE,
        },
      },
    },
    replay: { from: '2024-01-21', until: '2024-01-28', concurrency: 8 },
    ...changes,
  }
}

interface Story {
  readonly decisions: readonly RolloutDecision[]
  readonly state: EndpointState
}

/** Trains version 1 by `first`, then lives on by `then`, which trains version 2 after four days. */
async function live(
  first: ProjectInput,
  then: ProjectInput,
  killedAt?: RegExp,
): Promise<Story & { folder: string }> {
  const folder = projectFolder({ 'readings.csv': READINGS, 'esteira.config.json': first })
  await documentOf(folder, ['run'])
  writeFiles(folder, { 'esteira.config.json': then })
  if (killedAt !== undefined) {
    const running = startEsteira(folder, ['replay'])
    await running.printed(killedAt)
    running.child.kill('SIGKILL')
    await running.ended
    await untilProcessesEnd(folder)
  }
  await documentOf(folder, ['replay'])
  const decisions = await documentOf<RolloutDecision[]>(folder, ['rollout', 'explain'])
  const { state } = await documentOf<{ state: EndpointState }>(folder, ['rollout', 'status'])
  return { folder, decisions: decisions.slice(0, 4), state }
}

const actions = ({ decisions }: Story) => decisions.map(({ action }) => action)
const codes = (decision: RolloutDecision | undefined) =>
  decision?.reasons.map(({ code }) => code) ?? []

function valuesOf(decision: RolloutDecision | undefined, code: string) {
  return decision?.reasons.find((reason) => reason.code === code)?.values
}

/** What was answered while the A/B run was under way. */
async function answeredDuring(folder: string, decisions: readonly RolloutDecision[]) {
  const log = await openPredictionLog(path.join(folder, '.esteira/predictions'))
  try {
    const [from, to] = [decisions[2]?.at ?? '', decisions[3]?.at ?? ''].map(Date.parse)
    return await log.window({ endpoint: 'machines', fromMs: from ?? 0, toMs: to ?? 0 })
  } finally {
    await log.close()
  }
}

describe('a canary for safety, then an A/B run for value', () => {
  test('a version worth more is promoted by the run, with what it is worth', async () => {
    // It warns of nothing, whatever the machines do.
    const silent = project({
      candidates: [{ name: 'constant', estimator: 'baseline' }],
      evaluation: { ...sensorProject().evaluation, threshold: 0.99 },
      gate: { criteria: [{ kind: 'absolute', metric: 'accuracy', atLeast: 0.01 }] },
    })
    const story = await live(silent, project())
    const [, , started, ended] = story.decisions
    expect(actions(story)).toEqual(['switch', 'start-canary', 'start-ab-test', 'complete'])
    expect(codes(started)).toEqual(
      expect.arrayContaining(['canary-passed', 'bake-over', 'ab-test-started']),
    )
    expect(codes(ended).slice(0, 3)).toEqual(['treatment-won', 'money-difference', 'arms-observed'])
    expect(Number(valuesOf(ended, 'money-difference')?.low)).toBeGreaterThan(0)
    expect(ended?.version).toBe(2)
    const { out: said } = await esteira(story.folder, ['rollout', 'explain'])
    expect(said).toContain("version 2 kept the canary's bounds to the last step")
    expect(said).toMatch(/in money: [\d.]+ BRL a decision \([\d.]+ to [\d.]+\)/)
  }, 300_000)

  test('a version that is worth no more goes back when the time is up, every key counted once; killed on the way or not', async () => {
    // Killed before the day is judged to its end: its requests were made before the run began.
    const story = await live(project(), project(), /start-ab-test/)
    const [, , started, ended] = story.decisions
    expect(actions(story)).toEqual(['switch', 'start-canary', 'start-ab-test', 'roll-back'])
    expect(codes(ended)[0]).toBe('test-time-up')
    expect(codes(ended)).toContain('money-difference')
    expect(Date.parse(ended?.at ?? '') - Date.parse(started?.at ?? '')).toBe(2 * 86_400_000)
    expect(story.state).toMatchObject({ stable: 1, canary: null })
    const answered = await answeredDuring(story.folder, story.decisions)
    const count = (role: string) => answered.filter((entry) => entry.role === role).length
    const arms = valuesOf(ended, 'arms-observed')
    // A replayed row is its own key, and is asked once.
    expect(arms).toMatchObject({
      treatmentKeys: count('treatment'),
      controlKeys: count('control'),
    })
    expect(count('treatment') + count('control')).toBe(2 * 24 * MACHINES)
    expect(Number(arms?.treatmentLabelled)).toBeGreaterThan(0.8 * count('treatment'))
  }, 300_000)
})
