import { hash } from 'node:crypto'
import type { AbTrial, EndpointState, PredictionEntry } from '../../core/records/index.ts'

export interface ChosenRevision {
  readonly version: number
  readonly role: PredictionEntry['role']
  /** What an A/B run writes down of this request. */
  readonly exposure?: { readonly test: string; readonly key: string }
}

/**
 * The revision that answers a request. Under a canary it is sticky by request id, and monotone in
 * the percent, so an id that once met the canary meets it until the rollout ends; the canary's
 * version salts the hash: each rollout asks other ids to go first. Under an A/B run it is sticky by
 * key, salted by the run's id; a request without a key meets the control and is not part of the run.
 */
export function chooseRevision(
  state: EndpointState,
  requestId: string,
  key?: string,
): ChosenRevision {
  const { canary, trial } = state
  if (canary !== null) {
    const drawn = positionOf(`${state.endpoint}\n${canary.version}\n${requestId}`)
    return drawn < canary.percent
      ? { version: canary.version, role: 'canary' }
      : { version: state.stable, role: 'stable' }
  }
  if (trial?.kind === 'ab-test' && key !== undefined) return chooseArm(state, trial, key)
  return { version: state.stable, role: 'stable' }
}

function chooseArm(state: EndpointState, trial: AbTrial, key: string): ChosenRevision {
  const drawn = positionOf(`${trial.id}\n${key}`)
  const exposure = { test: trial.id, key }
  return drawn < trial.strategy.share * 100
    ? { version: trial.version, role: 'treatment', exposure }
    : { version: state.stable, role: 'control', exposure }
}

/**
 * Whether a request is mirrored to a shadow: a fixed share of request ids, salted by its version.
 */
export function isMirrored(state: EndpointState, requestId: string): boolean {
  const { trial } = state
  if (trial?.kind !== 'shadow') return false
  return (
    positionOf(`${state.endpoint}\n${trial.version}\nshadow\n${requestId}`) <
    trial.strategy.share * 100
  )
}

/** A text's place in [0, 100), uniform over texts: the first 48 bits of its SHA-256. */
function positionOf(text: string): number {
  const bits = Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16)
  return (bits / 2 ** 48) * 100
}
