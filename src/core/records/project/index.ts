export { candidateSchema, trainingSchema } from './candidates.ts'
export { instantMs } from './common.ts'
export { preparationSchema, splitSchema } from './dataset.ts'
export {
  type AbMetric,
  abTestSchema,
  canarySchema,
  deploymentSchema,
  shadowSchema,
  strategySchema,
} from './operation.ts'
export * from './project.ts'
export type { ColumnType } from './sources.ts'
export * from './vocabulary.ts'
