export { buildDataset, type DatasetOptions } from './build-dataset.ts'
export { checkInputs } from './check-inputs.ts'
export {
  checkLeakage,
  type JoinedView,
  type LeakageOptions,
  stoppingFindings,
} from './check-leakage.ts'
export { errors as preparationErrors } from './errors.ts'
export { inputKind, inputSql } from './input-kind.ts'
export { resolveBoundaries } from './resolve-boundaries.ts'
export {
  type SplitBoundaries,
  type SplitOptions,
  splitAssignmentSql,
} from './split-assignment-sql.ts'
