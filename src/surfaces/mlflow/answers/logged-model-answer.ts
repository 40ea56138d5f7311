import type { LoggedModel } from '../../../platform/tracking/index.ts'
import { tagList } from './experiment-answer.ts'
import { metricAnswer } from './run-answer.ts'

/** MLflow's `LoggedModel`. */
export function loggedModelAnswer(model: LoggedModel) {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAtMs,
      last_updated_timestamp_ms: model.updatedAtMs,
      artifact_uri: model.artifactUri,
      status: `LOGGED_MODEL_${model.status}`,
      status_message: model.statusMessage ?? undefined,
      model_type: model.modelType,
      source_run_id: model.sourceRunId ?? undefined,
      tags: tagList(model.tags),
    },
    data: {
      params: model.parameters,
      metrics: model.metrics.map((metric) => ({ ...metricAnswer(metric), run_id: metric.runId })),
    },
  }
}
