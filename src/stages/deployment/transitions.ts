import type { EndpointState, RolloutDecision } from '../../core/records/index.ts'

/** Where an endpoint can stand; `absent` before its first version. */
export const ENDPOINT_PHASES = ['absent', 'stable', 'canary'] as const
export type EndpointPhase = (typeof ENDPOINT_PHASES)[number]

export const ROLLOUT_EVENTS = ['start', 'judge', 'roll-back'] as const
export type RolloutEvent = (typeof ROLLOUT_EVENTS)[number]

/** What an event may lead to: the decision's action with the phase after it, or a refusal by code. */
export interface Transition {
  readonly outcomes: readonly {
    readonly action: RolloutDecision['action']
    readonly to: EndpointPhase
  }[]
  readonly refusals: readonly ('ROLLOUT_UNDER_WAY' | 'ROLLBACK_IMPOSSIBLE')[]
}

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
  },
  stable: {
    start: {
      outcomes: [
        { action: 'switch', to: 'stable' },
        { action: 'start-canary', to: 'canary' },
        { action: 'wait', to: 'stable' },
      ],
      refusals: [],
    },
    judge: { outcomes: [{ action: 'wait', to: 'stable' }], refusals: [] },
    'roll-back': {
      outcomes: [{ action: 'roll-back', to: 'stable' }],
      refusals: ['ROLLBACK_IMPOSSIBLE'],
    },
  },
  canary: {
    start: {
      outcomes: [{ action: 'wait', to: 'canary' }],
      refusals: ['ROLLOUT_UNDER_WAY'],
    },
    judge: {
      outcomes: [
        { action: 'wait', to: 'canary' },
        { action: 'advance', to: 'canary' },
        { action: 'complete', to: 'stable' },
        { action: 'roll-back', to: 'stable' },
      ],
      refusals: [],
    },
    'roll-back': { outcomes: [{ action: 'roll-back', to: 'stable' }], refusals: [] },
  },
}

export function endpointPhase(state: EndpointState | undefined): EndpointPhase {
  if (state === undefined) return 'absent'
  return state.canary === null ? 'stable' : 'canary'
}
