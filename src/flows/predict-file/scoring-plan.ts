import type { DatasetRecord, ModelVersion, Project } from '../../core/records/index.ts'
import { type InputPlan, planInputs, type RequestColumn } from '../../stages/serving/index.ts'
import { predictFileErrors } from './errors.ts'

/** One column that the file must have. */
export type ScoringColumn = Pick<RequestColumn, 'name' | 'kind'>

/**
 * What the file of a version must have: the same columns that a request to the gateway has.
 * @param dataset the version's dataset, which tells the types of entity keys
 * @throws FEATURE_HISTORY_MISSING when the project no longer has a feature view of the model
 */
export function planScoring(
  version: ModelVersion,
  project: Project,
  dataset: DatasetRecord | undefined,
): InputPlan {
  for (const { view } of version.signature.inputs) {
    const definition = view === null ? undefined : project.featureViews[view]
    if (view === null || (definition && project.entities[definition.entity])) continue
    throw predictFileErrors.FEATURE_HISTORY_MISSING({ view, reason: 'the project lacks the view' })
  }
  return planInputs(version, project, dataset)
}
