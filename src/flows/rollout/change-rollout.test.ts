import { afterEach, describe, expect, test } from 'vitest'
import { isPlatformError } from '../../core/errors/index.ts'
import { abTestSchema, canarySchema, shadowSchema } from '../../core/records/index.ts'
import { judgeRollout, promoteRollout } from '../../stages/deployment/index.ts'
import { versionInEnvironment } from '../../stages/registry/index.ts'
import { createTestDatabase, DIALECTS, fixedClock } from '../../testkit/index.ts'
import { commitRollout, readEndpoint } from '../roll-out.ts'
import {
  abortRolloutNow,
  promoteRolloutNow,
  type RolloutOutcome,
  startRolloutNow,
} from './change-rollout.ts'
import {
  openRolloutScene,
  type RolloutProcess,
  type RolloutScene,
  T0,
} from './fixtures/rollout-scene.ts'
import { gatherEvidence } from './gather-evidence.ts'
import { rolloutDecisions } from './rollout-status.ts'

const ask = { by: { name: 'ana', from: 'cli' }, reason: 'a test' }
const strategies = [
  canarySchema.parse({ kind: 'canary' }),
  abTestSchema.parse({ kind: 'ab-test', key: 'parameters.key', metric: 'conversion' }),
  shadowSchema.parse({ kind: 'shadow' }),
]
const run = { kind: 'ab-test', key: 'parameters.key', metric: 'conversion' }
const safeThenWorth = canarySchema.parse({ kind: 'canary', steps: [50], bake: 0, next: run })

const clock = fixedClock(T0)
let scene: RolloutScene | undefined
afterEach(() => scene?.close())

async function begin(dialect: (typeof DIALECTS)[number], strategy = strategies[0]) {
  if (strategy === undefined) throw new Error('no strategy')
  scene = await openRolloutScene({
    database: await createTestDatabase(dialect),
    strategy,
    clock,
  })
  const [ours, theirs] = await Promise.all([scene.process(), scene.process()])
  await startRolloutNow(ours, { ...ask, version: 1 })
  return { ours, theirs }
}

async function producing({ store }: RolloutProcess) {
  const at = { store, model: 'churn', environment: 'production' } as const
  return (await versionInEnvironment(at))?.version
}

/** What the watch of one process decides of a canary that kept its only step. */
async function judgeKept({ project, store }: RolloutProcess) {
  const { revision, value: state } = await readEndpoint(store, 'churn')
  if (state === undefined) throw new Error('no state')
  const side = { requests: 500, errors: 0, latencyP95Ms: 2, valuePerDecision: 1, labelled: 300 }
  const evidence = { stable: side, challenger: side }
  const policy = project.deployment
  return {
    revision,
    step: judgeRollout({ state, policy, evidence, nowMs: clock.now() }),
  }
}

/** The endpoint, its last decision and production must tell one story. */
async function expectOneStory(process: RolloutProcess, won: RolloutOutcome) {
  const state = await process.stateOf()
  expect(state).toEqual(won.state)
  expect(await producing(process)).toBe(state?.stable)
  const decisions = await rolloutDecisions(process, 100)
  expect(decisions).toContainEqual(won.decision)
}

describe.each(DIALECTS)('changing a rollout by hand, on %s', (dialect) => {
  test('begins none that is judged when no prediction is kept, and judges none', async () => {
    const { ours } = await begin(dialect)
    const { deployment } = ours.project
    const predictionLog = { ...deployment.predictionLog, keep: 'none' as const }
    const project = { ...ours.project, deployment: { ...deployment, predictionLog } }
    const silent = { ...ours, project }
    const refused = expect.objectContaining({ code: 'ROLLOUT_NOT_JUDGEABLE' })
    await expect(startRolloutNow(silent, { ...ask, version: 2 })).rejects.toEqual(refused)
    const { state } = await startRolloutNow(ours, { ...ask, version: 2 })
    const now = { nowMs: T0, errors: {} }
    await expect(gatherEvidence(silent, state, now)).rejects.toEqual(refused)
  })

  test('starts what was promoted, refuses what was not, and keeps who asked and why', async () => {
    const { ours } = await begin(dialect)
    expect(await producing(ours)).toBe(1)
    const refused = startRolloutNow(ours, { ...ask, version: 3 })
    await expect(refused).rejects.toMatchObject({ code: 'VERSION_NOT_PROMOTED' })
    await expect(startRolloutNow(ours, { ...ask, version: 9 })).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    })
    const { decision } = await startRolloutNow(ours, { ...ask, version: 2 })
    expect(decision.action).toBe('start-canary')
    expect(decision.reasons[0]).toMatchObject({
      code: 'asked-for',
      values: { by: 'ana', reason: 'a test' },
    })
    const again = await startRolloutNow(ours, { ...ask, version: 2 })
    expect(again.decision.action).toBe('wait')
  })

  for (const strategy of strategies) {
    test(`${strategy.kind}: survives a restart, promotes into production, aborts without a trace of traffic`, async () => {
      const { ours } = await begin(dialect, strategy)
      const started = await startRolloutNow(ours, { ...ask, version: 2 })
      // Another process knows nothing but the store.
      const restarted = await scene?.process()
      if (restarted === undefined) throw new Error('no scene')
      expect(await restarted.stateOf()).toEqual(started.state)
      const aborted = await abortRolloutNow(restarted, ask)
      expect(aborted.state).toMatchObject({ stable: 1, state: 'stable' })
      await expectOneStory(restarted, aborted)
      await expect(promoteRolloutNow(ours, ask)).rejects.toMatchObject({
        code: 'NO_ROLLOUT_UNDER_WAY',
      })
      clock.advance(1)
      await startRolloutNow(restarted, { ...ask, version: 2 })
      const promoted = await promoteRolloutNow(ours, ask)
      expect(promoted.state).toMatchObject({ stable: 2, previous: 1, state: 'stable' })
      await expectOneStory(ours, promoted)
    })
  }

  test('a promotion that races with an abort: one wins, the other is refused, again and again', async () => {
    const { ours, theirs } = await begin(dialect)
    const winners = new Set<string>()
    for (let round = 0; round < 8; round++) {
      const version = ((await ours.stateOf())?.stable ?? 1) === 1 ? 2 : 1
      clock.advance(1_000)
      await startRolloutNow(ours, { ...ask, version })
      const racers = [
        () => promoteRolloutNow(ours, { ...ask, reason: `promote ${round}` }),
        () => abortRolloutNow(theirs, { ...ask, reason: `abort ${round}` }),
      ]
      const settled = await Promise.allSettled(
        (round % 2 === 0 ? racers : racers.toReversed()).map((race) => race()),
      )
      const won = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const lost = settled.flatMap((result) =>
        result.status === 'rejected' ? [result.reason] : [],
      )
      expect(won).toHaveLength(1)
      expect(lost.every((error) => isPlatformError(error, 'NO_ROLLOUT_UNDER_WAY'))).toBe(true)
      for (const outcome of won) {
        await expectOneStory(theirs, outcome)
        winners.add(outcome.decision.action)
      }
    }
    expect(winners.size).toBeGreaterThan(0)
  })

  test('two versions started at once: one rollout, and the other is told to wait', async () => {
    const { ours, theirs } = await begin(dialect)
    const settled = await Promise.allSettled([
      startRolloutNow(ours, { ...ask, version: 2 }),
      startRolloutNow(theirs, { ...ask, version: 2, reason: 'the same, elsewhere' }),
    ])
    const actions = settled.map((result) =>
      result.status === 'fulfilled' ? result.value.decision.action : result.reason,
    )
    expect(actions.toSorted()).toEqual(['start-canary', 'wait'])
  })

  test('a canary goes on to its A/B run once, whoever judges, and the run survives a restart', async () => {
    const { ours, theirs } = await begin(dialect, safeThenWorth)
    await startRolloutNow(ours, { ...ask, version: 2 })
    const judged = await Promise.all([judgeKept(ours), judgeKept(theirs)])
    const settled = await Promise.allSettled(
      [ours, theirs].map(async ({ store }, i) => {
        const found = judged[i]
        if (found === undefined) throw new Error('not judged')
        await commitRollout(store, found.step, found.revision)
        return found.step
      }),
    )
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const restarted = await scene?.process()
    const state = await restarted?.stateOf()
    expect(state).toMatchObject({ state: 'ab-test', stable: 1, canary: null })
    expect(state?.trial).toMatchObject({ version: 2, strategy: safeThenWorth.next })
    expect(await producing(ours)).toBe(1)
    const begun = await rolloutDecisions(ours, 100)
    expect(begun.filter(({ action }) => action === 'start-ab-test')).toHaveLength(1)
  })

  test('an abort that races with a canary’s passing: the version never answers afterwards', async () => {
    const { ours, theirs } = await begin(dialect, safeThenWorth)
    for (let round = 0; round < 4; round++) {
      clock.advance(1_000)
      await startRolloutNow(ours, { ...ask, version: 2 })
      const { revision, step } = await judgeKept(ours)
      expect(step.decision.action).toBe('start-ab-test')
      const racers = [
        () => commitRollout(ours.store, step, revision),
        () => abortRolloutNow(theirs, { ...ask, reason: `abort ${round}` }),
      ]
      const ordered = round % 2 === 0 ? racers : racers.toReversed()
      await Promise.allSettled(ordered.map((race) => race()))
      expect(await theirs.stateOf()).toMatchObject({ state: 'stable', stable: 1, canary: null })
      expect((await theirs.stateOf())?.trial).toBeUndefined()
    }
  })

  test('a judgement that was overtaken by an abort changes nothing', async () => {
    const { ours, theirs } = await begin(dialect)
    await startRolloutNow(ours, { ...ask, version: 2 })
    const { revision, value: state } = await readEndpoint(ours.store, 'churn')
    if (state === undefined) throw new Error('no state')
    const judged = promoteRollout({ state, nowMs: clock.now(), reason: 'every bound was kept' })
    const aborted = await abortRolloutNow(theirs, ask)
    await expect(commitRollout(ours.store, judged, revision)).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    })
    await expectOneStory(ours, aborted)
    expect(await rolloutDecisions(ours, 100)).not.toContainEqual(judged.decision)
  })
})
