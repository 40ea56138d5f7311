import type { EndpointState, RolloutDecision } from '../../core/records/index.ts'
import {
  challengerOf,
  describeRollout,
  endpointName,
  type RolloutDescription,
  type RolloutEvidence,
} from '../../stages/deployment/index.ts'
import { flowErrors } from '../errors.ts'
import { readEndpoint } from '../roll-out.ts'
import { type EvidenceSources, gatherEvidence } from './gather-evidence.ts'

export interface RolloutStatus extends RolloutDescription {
  readonly state: EndpointState
}

const IDLE = { requests: 0, errors: 0, latencyP95Ms: null, valuePerDecision: null, labelled: 0 }
const NO_EVIDENCE: RolloutEvidence = { stable: IDLE, challenger: IDLE }

/**
 * Where the rollout of the project's endpoint stands at an instant. Errors of requests are known to
 * the gateway alone, so what the next look decides of them is not foretold.
 * @throws NOTHING_DEPLOYED
 */
export async function rolloutStatus(
  sources: EvidenceSources,
  nowMs: number,
): Promise<RolloutStatus> {
  const { project, store } = sources
  const endpoint = endpointName(project)
  const { value: state } = await readEndpoint(store, endpoint)
  if (state === undefined) throw flowErrors.NOTHING_DEPLOYED({ endpoint })
  // Without a rollout there is nothing to compare, and reading the log would be long.
  const evidence =
    challengerOf(state) === null
      ? NO_EVIDENCE
      : await gatherEvidence(sources, state, { nowMs, errors: {} })
  return { state, ...describeRollout({ state, policy: project.deployment, evidence, nowMs }) }
}

/** The decisions taken at the project's endpoint, oldest first, at most `limit` of the newest. */
export async function rolloutDecisions(
  { project, store }: Pick<EvidenceSources, 'project' | 'store'>,
  limit: number,
): Promise<RolloutDecision[]> {
  const endpoint = endpointName(project)
  const stored = await store.list('rollout-decision', { limit: 10_000 })
  return stored
    .map(({ record }) => record)
    .filter((decision) => decision.endpoint === endpoint)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .slice(-limit)
}
