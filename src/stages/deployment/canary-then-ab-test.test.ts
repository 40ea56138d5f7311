import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeploymentPolicy, EndpointState } from '../../core/records/index.ts'
import { chooseRevision } from './choose-revision.ts'
import { describeRollout } from './describe-rollout.ts'
import { abortRollout, promoteRollout } from './finish-rollout.ts'
import {
  abOf,
  abStrategy,
  blueGreen,
  canaryPolicy,
  canaryState,
  good,
  HOUR,
  safeThenWorth,
  shadowState,
  T0,
} from './fixtures/rollout-scene.ts'
import { judgeRollout } from './judge-rollout.ts'
import type { RolloutEvidence } from './revision-evidence.ts'
import type { RolloutStep } from './rollout-step.ts'

const policy: DeploymentPolicy = { ...canaryPolicy, strategy: safeThenWorth }

function judge(
  state: EndpointState,
  options: {
    readonly evidence?: Partial<RolloutEvidence>
    readonly nowMs?: number
    readonly policy?: DeploymentPolicy
  } = {},
): RolloutStep {
  return judgeRollout({
    state,
    policy: options.policy ?? policy,
    evidence: { stable: good, challenger: good, ...options.evidence },
    nowMs: options.nowMs ?? T0 + HOUR,
  })
}

const codes = (step: RolloutStep) => step.decision.reasons.map(({ code }) => code)

/** The state after both steps of the canary were kept. */
function passed(): RolloutStep {
  return judge(judge(canaryState).state, { nowMs: T0 + 2 * HOUR })
}

describe('a canary that an A/B run follows', () => {
  test('is not promoted after its last step, but becomes the treatment, and says why', () => {
    const step = passed()
    expect(step.decision).toMatchObject({ action: 'start-ab-test', version: 3, percent: 50 })
    expect(codes(step).slice(0, 2)).toEqual(['canary-passed', 'bake-over'])
    expect(codes(step).at(-1)).toBe('ab-test-started')
    expect(step.state).toMatchObject({ stable: 2, previous: 1, state: 'ab-test', canary: null })
    expect(step.state.trial).toMatchObject({
      kind: 'ab-test',
      version: 3,
      since: '2013-07-01T02:00:00.000Z',
      strategy: abStrategy,
    })
  })

  test('goes back before it when a bound breaks, at any step', () => {
    const failing = { evidence: { challenger: { ...good, errors: 50 } } }
    for (const state of [canaryState, judge(canaryState).state]) {
      const step = judge(state, { ...failing, nowMs: T0 + 2 * HOUR })
      expect(step.decision.action).toBe('roll-back')
      expect(step.state.trial ?? null).toBeNull()
    }
  })

  test('ends with the run: promoted when it won, back when it did not', () => {
    const { state } = passed()
    const late = T0 + 3 * HOUR
    const won = judge(state, { evidence: { ab: abOf({ treatment: 0.4 }) }, nowMs: late })
    expect(won.state).toMatchObject({ stable: 3, previous: 2, state: 'stable', canary: null })
    const lost = judge(state, { evidence: { ab: abOf({ treatment: 0.05 }) }, nowMs: late })
    expect(lost.state).toMatchObject({ stable: 2, previous: 1, state: 'stable', canary: null })
    const open = judge(state, { evidence: { ab: abOf() }, nowMs: T0 + 2 * HOUR + 48 * HOUR })
    expect(codes(open)[0]).toBe('test-time-up')
    expect(open.state.stable).toBe(2)
  })

  test('keeps the run’s rules when the project file changes, and may be ended by hand', () => {
    const { state } = passed()
    const step = judge(state, { policy: blueGreen, evidence: { ab: abOf() }, nowMs: T0 + 3 * HOUR })
    expect(step.decision.action).toBe('wait')
    expect(step.state).toBe(state)
    const asked = { state, nowMs: T0, reason: 'asked' }
    expect(promoteRollout(asked).state).toMatchObject({ stable: 3, state: 'stable' })
    expect(abortRollout(asked).state).toMatchObject({ stable: 2, state: 'stable' })
  })

  test('follows a shadow’s canary too', () => {
    const shadow = shadowState({ next: safeThenWorth })
    const compared = {
      compared: 500,
      failed: 0,
      dropped: 0,
      meanDifference: 0,
      maxDifference: 0,
      changedShare: 0,
    }
    const canary = judge(shadow, { policy: blueGreen, evidence: { shadow: compared } })
    expect(canary.decision.action).toBe('start-canary')
    const second = judge(canary.state, { policy: blueGreen, nowMs: T0 + 2 * HOUR })
    const run = judge(second.state, { policy: blueGreen, nowMs: T0 + 3 * HOUR })
    expect(run.decision.action).toBe('start-ab-test')
  })

  test('assigns by key anew: who met the canary has an even chance of either arm', () => {
    const canary = judge(canaryState).state
    const { state } = passed()
    let met = 0
    let treated = 0
    for (let i = 0; i < 10_000; i++) {
      const id = `flight-${i}`
      if (chooseRevision(canary, id, id).role !== 'canary') continue
      met++
      if (chooseRevision(state, id, id).role === 'treatment') treated++
    }
    expect(Math.abs(treated - met / 2)).toBeLessThan(4 * Math.sqrt(met / 4))
  })

  test('tells what comes next, before and after', () => {
    const parts = { policy, evidence: { stable: good, challenger: good }, nowMs: T0 + HOUR }
    const during = describeRollout({ ...parts, state: canaryState })
    expect(during.rollout).toMatchObject({ kind: 'canary', afterwards: 'ab-test', next: 'advance' })
    const { state } = passed()
    const after = describeRollout({ ...parts, state })
    expect(after.rollout).toMatchObject({ kind: 'ab-test', afterwards: 'all-traffic' })
    expect(after.rollout?.nextStepAt).toBe('2013-07-03T02:00:00.000Z')
    const plain = describeRollout({ ...parts, state: canaryState, policy: canaryPolicy })
    expect(plain.rollout?.afterwards).toBe('all-traffic')
  })

  test('whatever is seen and when, the stable version answers until a run was won', () => {
    const looks = fc.array(
      fc.record({
        errors: fc.constantFrom(0, 0, 0, 50),
        treatment: fc.constantFrom(0.05, 0.2, 0.21, 0.4),
        afterMs: fc.integer({ min: 1, max: 12 * HOUR }),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(looks, (seen) => {
        let state: EndpointState = canaryState
        let nowMs = T0
        for (const { errors, treatment, afterMs } of seen) {
          nowMs += afterMs
          const before = state
          const step = judge(state, {
            evidence: { challenger: { ...good, errors }, ab: abOf({ treatment }) },
            nowMs,
          })
          state = step.state
          expect(state.canary !== null && state.trial != null).toBe(false)
          if (state.stable === before.stable) continue
          expect(before.state).toBe('ab-test')
          expect(codes(step)[0]).toBe('treatment-won')
        }
      }),
    )
  })
})

test('a decision of an A/B run tells what each arm showed', () => {
  const { state } = passed()
  const step = judge(state, { evidence: { ab: abOf({ treatment: 0.4 }) }, nowMs: T0 + 3 * HOUR })
  const arms = step.decision.reasons.find(({ code }) => code === 'arms-observed')
  expect(arms?.values).toEqual({
    metric: 'conversion',
    treatmentKeys: 400,
    treatmentLabelled: 400,
    treatmentMean: 0.4,
    controlKeys: 400,
    controlLabelled: 400,
    controlMean: 0.2,
  })
  expect(arms?.message).toMatch(
    /^treatment: 400 keys, 400 labelled, conversion 0\.4000 on average; /,
  )
})
