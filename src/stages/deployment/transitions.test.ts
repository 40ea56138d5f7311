import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPlatformError } from '../../core/errors/index.ts'
import {
  type EndpointState,
  endpointStateSchema,
  rolloutDecisionSchema,
} from '../../core/records/index.ts'
import { abortRollout, promoteRollout } from './finish-rollout.ts'
import {
  abOf,
  abPolicy,
  abState,
  blueGreen,
  canaryPolicy,
  canaryState,
  canaryStrategy,
  HOUR,
  safeThenWorth,
  shadowPolicy,
  shadowState,
  stableState,
  T0,
} from './fixtures/rollout-scene.ts'
import { judgeRollout } from './judge-rollout.ts'
import { rollBackEndpoint } from './roll-back-endpoint.ts'
import { ROLLOUT_REASONS } from './rollout-reasons.ts'
import type { RolloutStep } from './rollout-step.ts'
import { startRollout } from './start-rollout.ts'
import {
  ENDPOINT_PHASES,
  type EndpointPhase,
  endpointPhase,
  ROLLOUT_EVENTS,
  type RolloutEvent,
  TRANSITIONS,
} from './transitions.ts'

const revision = fc.record({
  requests: fc.integer({ min: 0, max: 1_000 }),
  errors: fc.integer({ min: 0, max: 50 }),
  latencyP95Ms: fc.option(fc.double({ min: 0.01, max: 100, noNaN: true })),
  valuePerDecision: fc.option(fc.double({ min: -5, max: 5, noNaN: true })),
  labelled: fc.integer({ min: 0, max: 500 }),
})
const share = fc.double({ min: 0, max: 1, noNaN: true })
const evidence = fc.record({
  challenger: revision,
  stable: revision,
  ab: fc
    .record({ control: share, treatment: share, count: fc.integer({ min: 0, max: 900 }) })
    .map(abOf),
  shadow: fc.record({
    compared: fc.nat(1_000),
    failed: fc.nat(50),
    dropped: fc.nat(50),
    meanDifference: fc.option(share),
    maxDifference: fc.option(share),
    changedShare: fc.option(share),
  }),
})

const states: Record<EndpointPhase, readonly (EndpointState | undefined)[]> = {
  absent: [undefined],
  stable: [stableState, { ...stableState, previous: null, trial: null }],
  canary: [
    canaryState,
    {
      ...canaryState,
      canary: { version: 3, step: 1, percent: 50, since: new Date(T0).toISOString() },
    },
    {
      ...canaryState,
      canary: {
        version: 3,
        step: 1,
        percent: 50,
        since: new Date(T0).toISOString(),
        strategy: safeThenWorth,
      },
    },
  ],
  'ab-test': [abState()],
  shadow: [
    shadowState(),
    shadowState({ next: { kind: 'blue-green' } }),
    shadowState({ next: canaryStrategy }),
    shadowState({ next: safeThenWorth }),
  ],
}

function start(state: EndpointState | undefined): (() => RolloutStep)[] {
  return [blueGreen, canaryPolicy, abPolicy, shadowPolicy].flatMap((policy) =>
    [2, 3, 4].map(
      (version) => () =>
        startRollout({ state, endpoint: 'delays', model: 'flights', version, policy, nowMs: T0 }),
    ),
  )
}

function steps(event: RolloutEvent, state: EndpointState | undefined): (() => RolloutStep)[] {
  if (event === 'start') return start(state)
  if (state === undefined) return []
  const asked = { state, nowMs: T0, reason: 'asked' }
  if (event === 'roll-back') return [() => rollBackEndpoint(asked)]
  if (event === 'promote') return [() => promoteRollout(asked)]
  if (event === 'abort') return [() => abortRollout(asked)]
  const seen = fc.sample(fc.tuple(evidence, fc.nat(3 * HOUR)), { numRuns: 800, seed: 7 })
  return seen.map(
    ([found, after]) =>
      () =>
        judgeRollout({ state, policy: canaryPolicy, evidence: found, nowMs: T0 + after }),
  )
}

function outcomeOf(run: () => RolloutStep): string {
  try {
    const step = run()
    endpointStateSchema.parse(step.state)
    rolloutDecisionSchema.parse(step.decision)
    expect(step.decision.reasons.length).toBeGreaterThan(0)
    for (const { code } of step.decision.reasons) expect(ROLLOUT_REASONS).toContain(code)
    expect(step.state.state).toBe(endpointPhase(step.state))
    return `${step.decision.action} → ${endpointPhase(step.state)}`
  } catch (error) {
    if (isPlatformError(error)) return error.code
    throw error
  }
}

describe('the transition table', () => {
  for (const phase of ENDPOINT_PHASES) {
    for (const event of ROLLOUT_EVENTS) {
      test(`${phase} × ${event} leads where the table says, and everywhere it says`, () => {
        const transition = TRANSITIONS[phase][event]
        const expected = new Set([
          ...(transition?.outcomes.map(({ action, to }) => `${action} → ${to}`) ?? []),
          ...(transition?.refusals ?? []),
        ])
        const seen = states[phase].flatMap((state) => steps(event, state).map(outcomeOf))
        expect(new Set(seen)).toEqual(expected)
      })
    }
  }
})
