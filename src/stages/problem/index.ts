export { checkProblem } from './check-problem.ts'
export { problemErrors } from './errors.ts'
export {
  FEASIBILITY_REASONS,
  type FeasibilityFacts,
  judgeFeasibility,
} from './judge-feasibility.ts'
export { measurePolicies } from './measure-policies.ts'
