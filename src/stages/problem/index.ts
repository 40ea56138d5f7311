export { checkProblem, METRICS_OF_TYPE } from './check-problem.ts'
export { problemErrors } from './errors.ts'
export {
  FEASIBILITY_REASONS,
  type FeasibilityFacts,
  judgeFeasibility,
} from './judge-feasibility.ts'
export { measurePolicies } from './measure-policies.ts'
export { findSimpleRule, type SimpleRule, scoreSimpleRule } from './simple-rule.ts'
