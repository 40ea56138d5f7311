import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../core/randomness/index.ts'
import type { EndpointState } from '../../core/records/index.ts'
import { chooseRevision, isMirrored } from './choose-revision.ts'
import { abortRollout, promoteRollout } from './finish-rollout.ts'
import {
  abOf,
  abPolicy,
  abState,
  blueGreen,
  canaryPolicy,
  canaryStrategy,
  good,
  goodShadow,
  HOUR,
  shadowPolicy,
  shadowState,
  stableState,
  T0,
} from './fixtures/rollout-scene.ts'
import { judgeRollout } from './judge-rollout.ts'
import { comparePredictions } from './prediction-drift.ts'
import type { RolloutEvidence } from './revision-evidence.ts'
import { startRollout } from './start-rollout.ts'

function judge(state: EndpointState, evidence: Partial<RolloutEvidence>, afterMs = HOUR) {
  return judgeRollout({
    state,
    policy: blueGreen,
    evidence: { stable: good, challenger: good, ...evidence },
    nowMs: T0 + afterMs,
  })
}

const codes = (step: ReturnType<typeof judge>) => step.decision.reasons.map(({ code }) => code)

describe('starting', () => {
  const parts = { endpoint: 'delays', model: 'flights', version: 3, nowMs: T0 } as const

  test('an A/B run gives each run other keys, and keeps its rules', () => {
    const first = startRollout({ ...parts, state: stableState, policy: abPolicy })
    const later = startRollout({ ...parts, state: stableState, policy: abPolicy, nowMs: T0 + 1 })
    expect(first.decision).toMatchObject({ action: 'start-ab-test', percent: 50 })
    expect(first.state.trial).toMatchObject({ kind: 'ab-test', strategy: abPolicy.strategy })
    expect(first.state.trial).not.toMatchObject({ id: Reflect.get(later.state.trial ?? {}, 'id') })
  })

  test('a strategy given by hand goes before the policy, and is kept in the state', () => {
    const step = startRollout({
      ...parts,
      state: stableState,
      policy: shadowPolicy,
      strategy: canaryStrategy,
    })
    expect(step.state.canary?.strategy).toEqual(canaryStrategy)
  })
})

describe('an A/B run', () => {
  test('waits for labelled keys in both arms, then for a difference', () => {
    expect(codes(judge(abState(), { ab: abOf({ count: 99, treatment: 0.9 }) }))).toContain(
      'samples-awaited',
    )
    const step = judge(abState(), { ab: abOf({ treatment: 0.22 }) })
    expect(step.decision.action).toBe('wait')
    expect(codes(step)[0]).toBe('difference-open')
  })

  test('ends early with a winner, a loser, or a gain not worth having', () => {
    const won = judge(abState(), { ab: abOf({ treatment: 0.4 }) })
    expect(won.decision).toMatchObject({ action: 'complete', version: 3, percent: 100 })
    expect(won.state).toMatchObject({ stable: 3, previous: 2, state: 'stable' })
    expect(won.state.trial).toBeUndefined()
    const lost = judge(abState(), { ab: abOf({ treatment: 0.05 }) })
    expect(codes(lost)[0]).toBe('treatment-lost')
    expect(lost.decision.action).toBe('roll-back')
    const futile = judge(abState({ minEffect: 0.3 }), { ab: abOf({ treatment: 0.22 }) })
    expect(codes(futile)[0]).toBe('test-futile')
    expect(futile.decision.action).toBe('roll-back')
  })

  test('counts the other way where lower is better', () => {
    const ab = abOf({ treatment: 0.4 })
    expect(codes(judge(abState({ better: 'lower' }), { ab }))[0]).toBe('treatment-lost')
    expect(codes(judge(abState({ metric: 'absoluteError' }), { ab }))[0]).toBe('treatment-lost')
  })

  test('is stopped by a guard rail at once, whatever the metric says', () => {
    const ab = abOf({ treatment: 0.9 })
    const failing = judge(abState(), { ab, challenger: { ...good, errors: 50 } }, 1)
    expect(failing.decision.action).toBe('roll-back')
    expect(codes(failing)).toEqual(['error-rate-exceeded', 'arms-observed'])
    const slow = judge(abState(), { ab, challenger: { ...good, latencyP95Ms: 5 } }, 1)
    expect(codes(slow)).toEqual(['latency-ratio-exceeded', 'arms-observed'])
  })

  test('leaves the stable version when the time is up without a winner', () => {
    const step = judge(abState(), { ab: abOf() }, 48 * HOUR)
    expect(step.decision.action).toBe('roll-back')
    expect(codes(step)[0]).toBe('test-time-up')
  })

  test('gives its result in money with an interval', () => {
    const money = {
      control: { count: 400, mean: 10, variance: 900 },
      treatment: { count: 400, mean: 12, variance: 900 },
      currency: 'BRL',
      decisionsPerMonth: 1_000,
    }
    const step = judge(abState(), { ab: { ...abOf({ treatment: 0.4 }), money } })
    const reason = step.decision.reasons.find(({ code }) => code === 'money-difference')
    expect(reason?.values).toMatchObject({ currency: 'BRL', value: 2_000, perDecision: 2 })
    expect(Number(reason?.values.low)).toBeLessThan(2_000)
    expect(reason?.message).toMatch(/^in money: 2\.00 BRL a decision \(-?[\d.]+ to [\d.]+\)/)
  })

  test('keeps a key in its arm, whatever the request, near the declared share', () => {
    const state = abState({ share: 0.3 })
    let treated = 0
    for (let i = 0; i < 10_000; i++) {
      const chosen = chooseRevision(state, `request-${i}`, `key-${i}`)
      expect(chooseRevision(state, 'another request', `key-${i}`)).toEqual(chosen)
      expect(chosen.exposure).toEqual({ test: 'ab_1', key: `key-${i}` })
      if (chosen.role === 'treatment') treated++
    }
    expect(Math.abs(treated - 3_000)).toBeLessThan(4 * Math.sqrt(10_000 * 0.3 * 0.7))
    expect(chooseRevision(state, 'a')).toEqual({ version: 2, role: 'stable' })
  })
})

describe('a shadow', () => {
  test('answers nobody, and mirrors its share of requests, always the same ones', () => {
    const state = shadowState({ share: 0.25 })
    fc.assert(
      fc.property(fc.string(), (id) => {
        expect(chooseRevision(state, id, id)).toEqual({ version: 2, role: 'stable' })
        expect(isMirrored(state, id)).toBe(isMirrored(state, id))
      }),
    )
    const mirrored = Array.from({ length: 10_000 }, (_, i) => isMirrored(state, `r${i}`))
    const count = mirrored.filter(Boolean).length
    expect(Math.abs(count - 2_500)).toBeLessThan(4 * Math.sqrt(10_000 * 0.25 * 0.75))
    expect(isMirrored(stableState, 'a')).toBe(false)
  })

  test('waits for requests; when its time is up it closes without a verdict', () => {
    const few = { ...good, requests: 199 }
    expect(judge(shadowState(), { challenger: few, shadow: goodShadow }).decision.action).toBe(
      'wait',
    )
    const late = judge(shadowState(), { challenger: few, shadow: goodShadow }, 2 * HOUR)
    expect(late.decision.action).toBe('close')
    expect(codes(late)[0]).toBe('shadow-time-up')
  })

  test('is rejected for other predictions, other decisions, errors or slowness', () => {
    const found = (shadow: Partial<typeof goodShadow>, challenger = {}) =>
      judge(shadowState(), {
        shadow: { ...goodShadow, ...shadow },
        challenger: { ...good, ...challenger },
      })
    expect(codes(found({ meanDifference: 0.11 }))[0]).toBe('difference-exceeded')
    expect(codes(found({ changedShare: 0.21 }))[0]).toBe('decisions-exceeded')
    expect(codes(found({}, { errors: 6 }))[0]).toBe('error-rate-exceeded')
    expect(codes(found({}, { latencyP95Ms: 4.01 }))[0]).toBe('latency-ratio-exceeded')
    expect(found({}, { latencyP95Ms: 4.01 }).decision.action).toBe('roll-back')
  })

  test('goes on to what is declared to follow, with the report in the reasons', () => {
    const shadow = goodShadow
    const closed = judge(shadowState(), { shadow })
    expect(closed.decision.action).toBe('close')
    expect(codes(closed).at(-1)).toBe('shadow-report')
    expect(closed.state).toMatchObject({ stable: 2, state: 'stable' })
    const switched = judge(shadowState({ next: { kind: 'blue-green' } }), { shadow })
    expect(switched.state).toMatchObject({ stable: 3, previous: 2 })
    const canary = judge(shadowState({ next: canaryStrategy }), { shadow })
    expect(canary.decision).toMatchObject({ action: 'start-canary', percent: 10 })
    expect(canary.state.canary?.strategy).toEqual(canaryStrategy)
    expect(canary.state.trial).toBeUndefined()
  })
})

describe('ending by hand', () => {
  test('promotes early or gives up, with the reason kept', () => {
    const asked = { state: abState(), nowMs: T0, reason: 'the campaign begins' }
    const promoted = promoteRollout(asked)
    expect(promoted.state).toMatchObject({ stable: 3, previous: 2, state: 'stable' })
    expect(promoted.decision.reasons[0]?.values).toMatchObject({ reason: 'the campaign begins' })
    const aborted = abortRollout({ ...asked, state: shadowState() })
    expect(aborted.state).toMatchObject({ stable: 2, previous: 1, state: 'stable' })
  })

  test('refuses when nothing is under way, so that a late abort takes nothing away', () => {
    const asked = { state: stableState, nowMs: T0, reason: 'x' }
    expect(() => abortRollout(asked)).toThrow(/No rollout is under way/)
    expect(() => promoteRollout(asked)).toThrow(/No rollout is under way/)
  })
})

describe('a canary’s other bounds', () => {
  const state: EndpointState = {
    ...stableState,
    state: 'canary',
    canary: {
      version: 3,
      step: 0,
      percent: 10,
      since: new Date(T0).toISOString(),
      strategy: {
        ...canaryStrategy,
        maxPredictionDrift: 0.2,
        quality: { metric: 'logLoss', maxLoss: 0.05 },
      },
    },
  }
  const found = (drift: RolloutEvidence['drift'], ours: number, labelled = 300) =>
    judge(state, {
      ...(drift === undefined ? {} : { drift }),
      stable: { ...good, metrics: { logLoss: 0.3 } },
      challenger: { ...good, labelled, metrics: { logLoss: ours } },
    })

  test('roll back on predictions that drift from the stable revision’s, unless chance explains it', () => {
    expect(codes(found({ psi: 0.3, noise: 0.05 }, 0.3))).toEqual(['drift-exceeded'])
    expect(codes(found({ psi: 0.3, noise: 0.4 }, 0.3))).toContain('drift-kept')
    expect(codes(found(null, 0.3))).toContain('drift-awaited')
    expect(found(null, 0.3).decision.action).toBe('wait')
  })

  test('roll back on worse quality, whichever way the metric counts, once labels are there', () => {
    const drift = { psi: 0, noise: 0.05 }
    expect(codes(found(drift, 0.36))).toEqual(['quality-exceeded'])
    expect(codes(found(drift, 0.2))).toContain('quality-kept')
    expect(codes(found(drift, 0.9, 99))).toContain('labels-awaited')
  })

  test('measure drift as large for other predictions and as noise for the same', () => {
    const random = seededRandom(3)
    const draw = (n: number, power: number) => Array.from({ length: n }, () => random() ** power)
    const same = comparePredictions(draw(2_000, 1), draw(400, 1))
    expect(same?.psi).toBeLessThan(same?.noise ?? 0)
    const other = comparePredictions(draw(2_000, 1), draw(400, 3))
    expect(other?.psi).toBeGreaterThan(0.25)
    expect(comparePredictions([], [1])).toBeNull()
  })

  test('stay those it began with when the project file changes', () => {
    const changed = judgeRollout({
      state,
      policy: canaryPolicy,
      evidence: { stable: good, challenger: good, drift: { psi: 1, noise: 0 } },
      nowMs: T0 + HOUR,
    })
    expect(codes(changed)).toEqual(['drift-exceeded'])
  })
})
