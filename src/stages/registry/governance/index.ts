export type { RoleOf } from './approval-requests.ts'
export { createGovernance, type GovernanceOptions } from './create-governance.ts'
export { governanceErrors } from './errors.ts'
export type {
  ApprovalRequest,
  CardRevision,
  Governance,
  Place,
  PromotionWish,
  RequestState,
  RuleInForce,
  Standing,
} from './governance.ts'
export type { PromotionRule } from './promotion-rule.ts'
