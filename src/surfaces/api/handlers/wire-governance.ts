import type { RegistryEvent } from '../../../stages/registry/catalog/index.ts'
import type {
  ApprovalRequest,
  RuleInForce,
  Standing,
} from '../../../stages/registry/governance/index.ts'
import { wireVersion } from './wire-registry.ts'

/** The API's shape of an event. */
export function wireEvent(event: RegistryEvent) {
  const approvals = event.evidence.approvals.map((approval) => ({ ...approval }))
  return { ...event, evidence: { ...event.evidence, approvals } }
}

/** The API's shape of what stood somewhere. */
export function wireStanding(standing: Standing | undefined) {
  if (standing === undefined) return { version: null, event: null, details: null }
  const { version, event, details } = standing
  return {
    version,
    event: wireEvent(event),
    details: details === null ? null : wireVersion(details),
  }
}

/** The API's shape of a request for promotion. */
export function wireRequest(request: ApprovalRequest) {
  return { ...request, decisions: request.decisions.map((decision) => ({ ...decision })) }
}

/** The API's shape of a rule. */
export const wireRule = ({ rule, origin }: RuleInForce) => ({ rule, origin })
