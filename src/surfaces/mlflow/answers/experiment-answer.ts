import type { Experiment, Tags } from '../../../platform/tracking/index.ts'

/** `[{key, value}]`, as MLflow writes tags. */
export function tagList(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}

/** MLflow's `Experiment`. */
export function experimentAnswer(experiment: Experiment) {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycle,
    last_update_time: experiment.updatedAtMs,
    creation_time: experiment.createdAtMs,
    tags: tagList(experiment.tags),
  }
}
