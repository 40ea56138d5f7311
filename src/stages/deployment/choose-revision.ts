import { createHash } from 'node:crypto'
import type { EndpointState, PredictionEntry } from '../../core/records/index.ts'

export interface ChosenRevision {
  readonly version: number
  readonly role: PredictionEntry['role']
}

/**
 * The revision that answers a request: sticky by request id, and monotone in the percent, so an id
 * that once met the canary meets it until the rollout ends. The canary's version salts the hash:
 * each rollout asks other ids to go first.
 */
export function chooseRevision(state: EndpointState, requestId: string): ChosenRevision {
  const { canary } = state
  if (canary === null) return { version: state.stable, role: 'stable' }
  const drawn = positionOf(`${state.endpoint}\n${canary.version}\n${requestId}`)
  return drawn < canary.percent
    ? { version: canary.version, role: 'canary' }
    : { version: state.stable, role: 'stable' }
}

/** A text's place in [0, 100), uniform over texts: the first 48 bits of its SHA-256. */
function positionOf(text: string): number {
  const bits = createHash('sha256').update(text).digest().readUIntBE(0, 6)
  return (bits / 2 ** 48) * 100
}
