export * from './candidates.ts'
export { defineProject } from './define-project.ts'
export * from './expectations.ts'
export { entity, featureView } from './features.ts'
export type {
  CandidateInput,
  EntityInput,
  ExpectationInput,
  FeatureViewInput,
  RolloutInput,
  SourceInput,
  SourceOptions,
} from './input-types.ts'
export { abTest, blueGreen, canary, shadow } from './rollouts.ts'
export { csv, httpJson, jsonLines, parquet, sql } from './sources.ts'
