import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeploymentPolicy, EndpointState } from '../../core/records/index.ts'
import { chooseRevision } from './choose-revision.ts'
import {
  blueGreen,
  canaryPolicy,
  canaryState,
  good,
  HOUR,
  stableState,
  T0,
} from './fixtures/rollout-scene.ts'
import { judgeRollout } from './judge-rollout.ts'
import type { RevisionEvidence, RolloutEvidence } from './revision-evidence.ts'
import { rollBackEndpoint } from './roll-back-endpoint.ts'
import type { RolloutStep } from './rollout-step.ts'
import { startRollout } from './start-rollout.ts'

function start(state: EndpointState | undefined, version: number, policy = canaryPolicy) {
  return startRollout({ state, endpoint: 'delays', model: 'flights', version, policy, nowMs: T0 })
}

function judge(
  state: EndpointState,
  canary: Partial<RevisionEvidence> = {},
  more: {
    readonly stable?: Partial<RevisionEvidence>
    readonly beside?: Pick<RolloutEvidence, 'drift' | 'ab' | 'shadow'>
    readonly nowMs?: number
    readonly policy?: DeploymentPolicy
  } = {},
): RolloutStep {
  return judgeRollout({
    state,
    policy: more.policy ?? canaryPolicy,
    evidence: {
      challenger: { ...good, ...canary },
      stable: { ...good, ...more.stable },
      ...more.beside,
    },
    nowMs: more.nowMs ?? T0 + HOUR,
  })
}

function codes(step: RolloutStep): string[] {
  return step.decision.reasons.map(({ code }) => code)
}

describe('starting a rollout', () => {
  test('blue-green gives the new version all traffic and keeps the old one', () => {
    const { state, decision } = start(stableState, 3, blueGreen)
    expect(state).toMatchObject({ stable: 3, previous: 2, canary: null })
    expect(decision).toMatchObject({ action: 'switch', version: 3, percent: 100 })
  })

  test('the first version takes all traffic even where canaries are declared', () => {
    expect(start(undefined, 1).state).toMatchObject({ stable: 1, previous: null, canary: null })
  })

  test('a canary begins at the first step', () => {
    expect(start(stableState, 3).state.canary).toEqual({
      version: 3,
      step: 0,
      percent: 10,
      since: '2013-07-01T00:00:00.000Z',
    })
  })

  test('a second version cannot start while one is under way', () => {
    expect(() => start(canaryState, 4)).toThrow(/rolling out version 3; version 4 must wait/)
  })

  test('equal decisions have equal ids', () => {
    expect(start(stableState, 3).decision.id).toBe(start(stableState, 3).decision.id)
    expect(start(stableState, 3).decision.id).not.toBe(start(stableState, 4).decision.id)
  })
})

describe('judging a rollout', () => {
  test('advances through the steps, then completes', () => {
    const second = judge(canaryState)
    expect(second.decision).toMatchObject({ action: 'advance', percent: 50 })
    expect(second.state.canary).toMatchObject({ step: 1, percent: 50 })
    const third = judge(second.state, {}, { nowMs: T0 + 2 * HOUR })
    expect(third.decision).toMatchObject({ action: 'complete', version: 3, percent: 100 })
    expect(third.state).toMatchObject({ stable: 3, previous: 2, canary: null, state: 'stable' })
  })

  test('waits while the step bakes and says how long it has', () => {
    const { decision, state } = judge(canaryState, {}, { nowMs: T0 + HOUR - 1 })
    expect(decision.action).toBe('wait')
    expect(decision.reasons[0]).toMatchObject({
      code: 'bake-not-over',
      values: { elapsedMs: HOUR - 1, bakeMs: HOUR },
    })
    expect(state).toBe(canaryState)
  })

  test('waits for enough requests on both sides', () => {
    expect(codes(judge(canaryState, { requests: 99 }))).toContain('requests-awaited')
    const fewStable = judge(canaryState, {}, { stable: { requests: 99 } })
    expect(codes(fewStable)).toContain('stable-requests-awaited')
  })

  test('rolls back on errors before the bake is over', () => {
    const step = judge(canaryState, { errors: 6 }, { nowMs: T0 + 60_000 })
    expect(step.decision).toMatchObject({ action: 'roll-back', version: 3, percent: 0 })
    expect(codes(step)).toEqual(['error-rate-exceeded'])
    expect(step.state).toMatchObject({ stable: 2, previous: 1, canary: null })
    expect(judge(canaryState, { errors: 5 }).decision.action).toBe('advance')
  })

  test('errors that both revisions have do not count against the canary', () => {
    const step = judge(canaryState, { errors: 100 }, { stable: { errors: 100 } })
    expect(step.decision.action).toBe('advance')
  })

  test('rolls back on latency beyond the ratio', () => {
    expect(codes(judge(canaryState, { latencyP95Ms: 4.01 }))).toEqual(['latency-ratio-exceeded'])
    expect(judge(canaryState, { latencyP95Ms: 4 }).decision.action).toBe('advance')
  })

  test('rolls back on lost value, and waits while labels are too few', () => {
    expect(codes(judge(canaryState, { valuePerDecision: 0.49 }))).toEqual(['value-exceeded'])
    const unlabelled = judge(canaryState, { valuePerDecision: null, labelled: 0 })
    expect(unlabelled.decision.action).toBe('wait')
    expect(codes(unlabelled)).toContain('labels-awaited')
  })

  test('at 100 % judges errors absolutely and says that nothing else can be compared', () => {
    const state: EndpointState = {
      ...canaryState,
      canary: { version: 3, step: 2, percent: 100, since: '2013-07-01T00:00:00.000Z' },
    }
    const idle = { requests: 0, errors: 0, latencyP95Ms: null, valuePerDecision: null, labelled: 0 }
    const kept = judge(state, {}, { stable: idle })
    expect(kept.decision.action).toBe('complete')
    expect(codes(kept).filter((code) => code === 'stable-without-traffic')).toHaveLength(2)
    expect(judge(state, { errors: 6 }, { stable: idle }).decision.action).toBe('roll-back')
  })

  test('a policy that became blue-green completes the rollout and says so', () => {
    const step = judge(canaryState, {}, { policy: blueGreen })
    expect(step.decision.action).toBe('complete')
    expect(codes(step)).toEqual(['policy-changed'])
  })

  test('names every broken bound', () => {
    const step = judge(canaryState, { errors: 50, latencyP95Ms: 9, valuePerDecision: -1 })
    expect(codes(step)).toEqual(['error-rate-exceeded', 'latency-ratio-exceeded', 'value-exceeded'])
  })
})

describe('rolling back', () => {
  test('returns to the version kept warm, once', () => {
    const { state } = rollBackEndpoint({ state: stableState, nowMs: T0, reason: 'wrong answers' })
    expect(state).toMatchObject({ stable: 1, previous: null })
    expect(() => rollBackEndpoint({ state, nowMs: T0, reason: 'again' })).toThrow(
      /no version before 1/,
    )
  })

  test('goes to a version the caller names', () => {
    const state = { ...stableState, stable: 5, previous: null }
    expect(rollBackEndpoint({ state, nowMs: T0, reason: 'x', to: 4 }).state.stable).toBe(4)
  })

  test('during a canary withdraws the canary and leaves the stable version', () => {
    const { state, decision } = rollBackEndpoint({ state: canaryState, nowMs: T0, reason: 'x' })
    expect(state).toMatchObject({ stable: 2, previous: 1, canary: null })
    expect(decision).toMatchObject({ action: 'roll-back', version: 3 })
  })
})

describe('choosing a revision', () => {
  const at = (percent: number): EndpointState => ({
    ...canaryState,
    canary: { version: 3, step: 0, percent, since: '2013-07-01T00:00:00.000Z' },
  })

  test('is deterministic, and monotone in the percent', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 99 }), (id, percent) => {
        const low = chooseRevision(at(percent), id)
        expect(chooseRevision(at(percent), id)).toEqual(low)
        if (low.role === 'canary') {
          expect(chooseRevision(at(percent + 1), id).role).toBe('canary')
        }
        expect(chooseRevision(at(100), id)).toEqual({ version: 3, role: 'canary' })
        expect(chooseRevision(stableState, id)).toEqual({ version: 2, role: 'stable' })
      }),
    )
  })

  test('gives the canary its share within four standard deviations', () => {
    const n = 20_000
    for (const percent of [1, 10, 50]) {
      let hits = 0
      for (let i = 0; i < n; i++) {
        if (chooseRevision(at(percent), `request-${i}`).role === 'canary') hits++
      }
      const share = percent / 100
      const deviation = Math.sqrt(n * share * (1 - share))
      expect(Math.abs(hits - n * share)).toBeLessThan(4 * deviation)
    }
  })
})
