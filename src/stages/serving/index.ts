export {
  type AssembledInputs,
  assembleInputs,
  type InputSources,
  type ModelInputs,
  type Refusal,
  type ValidationPolicy,
} from './assemble-inputs.ts'
export { type Cell, cellOfValue, isFloat32, numberOfText } from './cell.ts'
export { type InputPlan, planInputs, type RequestColumn, requireOnline } from './input-plan.ts'
export { type AnsweringVersion, decisionOf, labelOf, positiveIndex } from './row-answer.ts'
