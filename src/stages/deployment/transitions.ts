import type { EndpointState, RolloutDecision } from '../../core/records/index.ts'
import { challengerOf } from './challenger.ts'

/** Where an endpoint can stand; `absent` before its first version. */
export const ENDPOINT_PHASES = ['absent', 'stable', 'canary', 'ab-test', 'shadow'] as const
export type EndpointPhase = (typeof ENDPOINT_PHASES)[number]

export const ROLLOUT_EVENTS = ['start', 'judge', 'roll-back', 'promote', 'abort'] as const
export type RolloutEvent = (typeof ROLLOUT_EVENTS)[number]

/** What an event may lead to: the decision's action with the phase after it, or a refusal by code. */
export interface Transition {
  readonly outcomes: readonly {
    readonly action: RolloutDecision['action']
    readonly to: EndpointPhase
  }[]
  readonly refusals: readonly (
    | 'ROLLOUT_UNDER_WAY'
    | 'ROLLBACK_IMPOSSIBLE'
    | 'NO_ROLLOUT_UNDER_WAY'
  )[]
}

/** While a version is beside the stable one, each of these ends or keeps it alike. */
function whileUnderWay(phase: EndpointPhase, judge: Transition['outcomes']) {
  const back = { outcomes: [{ action: 'roll-back', to: 'stable' }], refusals: [] } as const
  return {
    start: { outcomes: [{ action: 'wait', to: phase }], refusals: ['ROLLOUT_UNDER_WAY'] },
    judge: { outcomes: [{ action: 'wait', to: phase }, ...judge], refusals: [] },
    'roll-back': back,
    promote: { outcomes: [{ action: 'complete', to: 'stable' }], refusals: [] },
    abort: back,
  } as const
}

const NOTHING_UNDER_WAY: Transition = { outcomes: [], refusals: ['NO_ROLLOUT_UNDER_WAY'] }

/**
 * Every phase with every event. `null` marks a pair that cannot be asked for, since the functions
 * for it take a state.
 */
export const TRANSITIONS: Readonly<
  Record<EndpointPhase, Readonly<Record<RolloutEvent, Transition | null>>>
> = {
  absent: {
    start: { outcomes: [{ action: 'switch', to: 'stable' }], refusals: [] },
    judge: null,
    'roll-back': null,
    promote: null,
    abort: null,
  },
  stable: {
    start: {
      outcomes: [
        { action: 'switch', to: 'stable' },
        { action: 'start-canary', to: 'canary' },
        { action: 'start-ab-test', to: 'ab-test' },
        { action: 'start-shadow', to: 'shadow' },
        { action: 'wait', to: 'stable' },
      ],
      refusals: [],
    },
    judge: { outcomes: [{ action: 'wait', to: 'stable' }], refusals: [] },
    'roll-back': {
      outcomes: [{ action: 'roll-back', to: 'stable' }],
      refusals: ['ROLLBACK_IMPOSSIBLE'],
    },
    promote: NOTHING_UNDER_WAY,
    abort: NOTHING_UNDER_WAY,
  },
  canary: whileUnderWay('canary', [
    { action: 'advance', to: 'canary' },
    { action: 'start-ab-test', to: 'ab-test' },
    { action: 'complete', to: 'stable' },
    { action: 'roll-back', to: 'stable' },
  ]),
  'ab-test': whileUnderWay('ab-test', [
    { action: 'complete', to: 'stable' },
    { action: 'roll-back', to: 'stable' },
  ]),
  shadow: whileUnderWay('shadow', [
    { action: 'start-canary', to: 'canary' },
    { action: 'complete', to: 'stable' },
    { action: 'close', to: 'stable' },
    { action: 'roll-back', to: 'stable' },
  ]),
}

export function endpointPhase(state: EndpointState | undefined): EndpointPhase {
  if (state === undefined) return 'absent'
  return challengerOf(state)?.kind ?? 'stable'
}
