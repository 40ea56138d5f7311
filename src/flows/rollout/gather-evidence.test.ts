import { afterEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../../core/randomness/index.ts'
import {
  abTestSchema,
  canarySchema,
  type DeploymentPolicy,
  deploymentSchema,
  type MirrorEntry,
  shadowSchema,
} from '../../core/records/index.ts'
import { judgeRollout } from '../../stages/deployment/index.ts'
import { createTestDatabase, fixedClock } from '../../testkit/index.ts'
import { startRolloutNow } from './change-rollout.ts'
import {
  HOUR,
  logRequest,
  openRolloutScene,
  type RolloutScene,
  T0,
} from './fixtures/rollout-scene.ts'
import { gatherEvidence } from './gather-evidence.ts'
import { readStrategy } from './read-strategy.ts'
import { rolloutStatus } from './rollout-status.ts'

const ask = { by: { name: 'ana', from: 'cli' }, reason: 'a test' }
let scene: RolloutScene | undefined
afterEach(() => scene?.close())

async function begin(strategy: DeploymentPolicy['strategy']) {
  scene = await openRolloutScene({
    database: await createTestDatabase('sqlite'),
    strategy,
    clock: fixedClock(T0),
  })
  const process = await scene.process()
  await startRolloutNow(process, { ...ask, version: 1 })
  const { state } = await startRolloutNow(process, { ...ask, version: 2 })
  const judge = async (nowMs: number) => {
    const evidence = await gatherEvidence(process, state, { nowMs, errors: {} })
    return judgeRollout({ state, policy: process.project.deployment, evidence, nowMs })
  }
  return { process, state, judge }
}

const ab = abTestSchema.parse({
  kind: 'ab-test',
  key: 'parameters.key',
  metric: 'valuePerDecision',
  minSamples: 100,
})

describe('an A/B run', () => {
  test('is decided by the value of each key’s first decision, with money in the reasons', async () => {
    const { process, state, judge } = await begin(ab)
    const random = seededRandom(5)
    for (let i = 0; i < 900; i++) {
      const label = random() < 0.4
      // The new version sees what comes; the stable one guesses.
      const seer = label ? 0.9 : 0.1
      const score = (version: number) => (version === 2 ? seer : random())
      await logRequest(process, state, { key: `k${i}`, atMs: T0 + i, label, score })
    }
    const { decision } = await judge(T0 + HOUR)
    expect(decision).toMatchObject({ action: 'complete', version: 2 })
    const [won, money] = decision.reasons
    expect(won).toMatchObject({ code: 'treatment-won', values: { metric: 'valuePerDecision' } })
    expect(money).toMatchObject({ code: 'money-difference', values: { currency: 'BRL' } })
    // Seeing costs nothing: 40 a decision; guessing: 0.4 · (100 − 50)/2 − 0.6 · 20/2 = 4.
    expect(Number(won?.values.low)).toBeLessThan(36)
    expect(Number(won?.values.high)).toBeGreaterThan(36)
  })

  test('counts a key once, and no label that is not known yet', async () => {
    const { process, state } = await begin(ab)
    for (const round of [0, 1, 2]) {
      const at = { atMs: T0 + 1_000 * round, label: true, score: () => 0.9 }
      await logRequest(process, state, { key: 'one', ...at })
      await logRequest(process, state, { key: 'two', ...at })
    }
    const known = await gatherEvidence(process, state, { nowMs: T0 + HOUR, errors: {} })
    const { exposed, control, treatment } = known.ab ?? {}
    expect((exposed?.control ?? 0) + (exposed?.treatment ?? 0)).toBe(2)
    expect((control?.count ?? 0) + (treatment?.count ?? 0)).toBe(2)
    const early = await gatherEvidence(process, state, { nowMs: T0 + 1, errors: {} })
    expect((early.ab?.control.count ?? 0) + (early.ab?.treatment.count ?? 0)).toBe(0)
  })

  test('tells in a status what it waits for, and when its time ends', async () => {
    const { process } = await begin(ab)
    const status = await rolloutStatus(process, T0 + HOUR)
    expect(status.traffic).toEqual([
      { version: 1, role: 'stable', percent: 50 },
      { version: 2, role: 'treatment', percent: 50 },
    ])
    expect(status.rollout).toMatchObject({
      kind: 'ab-test',
      next: 'wait',
      nextStepAt: new Date(T0 + 30 * 24 * HOUR).toISOString(),
    })
    expect(status.rollout?.reasons.map(({ code }) => code)).toContain('samples-awaited')
  })
})

describe('a canary', () => {
  test('goes by drift and quality between the revisions in the same window', async () => {
    const strategy = canarySchema.parse({
      kind: 'canary',
      steps: [50],
      minRequests: 100,
      maxPredictionDrift: 0.2,
      quality: { metric: 'accuracy', maxLoss: 0.05 },
    })
    const { process, state, judge } = await begin(strategy)
    const random = seededRandom(9)
    for (let i = 0; i < 600; i++) {
      const label = random() < 0.5
      const score = (version: number) => (version === 2 ? random() / 4 : label ? 0.9 : 0.1)
      await logRequest(process, state, { key: `k${i}`, atMs: T0 + i, label, score })
    }
    const { decision } = await judge(T0 + HOUR)
    expect(decision.action).toBe('roll-back')
    expect(decision.reasons.map(({ code }) => code)).toEqual(['drift-exceeded', 'quality-exceeded'])
  })
})

describe('a shadow', () => {
  test('is judged on what mirroring showed since it began', async () => {
    const strategy = shadowSchema.parse({
      kind: 'shadow',
      minRequests: 50,
      maxPredictionDifference: 0.1,
    })
    const { process, judge } = await begin(strategy)
    const row: MirrorEntry = {
      endpoint: 'churn',
      version: 2,
      id: 'a',
      timeMs: T0 + 1,
      outcome: 'compared',
      count: 1,
      difference: 0.05,
      changed: false,
      stableLatencyUs: 900,
      latencyUs: 950,
      error: null,
    }
    process.log.appendMirrored(Array.from({ length: 60 }, () => row))
    process.log.appendMirrored([{ ...row, outcome: 'dropped', count: 7 }])
    process.log.appendMirrored([{ ...row, difference: 9, timeMs: T0 - 1 }])
    const { decision } = await judge(T0 + HOUR)
    expect(decision.action).toBe('close')
    expect(decision.reasons.at(-1)?.values).toMatchObject({
      compared: 60,
      dropped: 7,
      maxDifference: 0.05,
      changedShare: 0,
    })
  })
})

describe('a strategy given by hand', () => {
  const policy = deploymentSchema.parse({})

  test('is the project’s own, a kind with its defaults, or JSON', () => {
    const project = { ...policy, strategy: ab }
    expect(readStrategy(undefined, project)).toBeUndefined()
    expect(readStrategy('ab-test', project)).toBeUndefined()
    expect(readStrategy('shadow', project)).toMatchObject({ kind: 'shadow', minRequests: 1_000 })
    expect(readStrategy('{"kind":"canary","steps":[5]}', project)).toMatchObject({ steps: [5] })
  })

  test('is refused with what is wrong', () => {
    const project = { ...policy, strategy: { kind: 'blue-green' } } as const
    for (const text of ['ab-test', 'purple', '{', '{"kind":"canary","steps":[0]}', '']) {
      expect(() => readStrategy(text, project)).toThrow(/is no rollout strategy/)
    }
  })
})
