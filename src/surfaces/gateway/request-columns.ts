export {
  type InputPlan,
  planInputs,
  type RequestColumn,
  requireOnline,
} from '../../stages/serving/index.ts'
