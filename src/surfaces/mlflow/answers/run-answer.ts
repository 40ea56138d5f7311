import type { DatasetInput, MetricPoint, Run } from '../../../platform/tracking/index.ts'
import { writeDouble } from '../numbers.ts'
import { tagList } from './experiment-answer.ts'

/** MLflow's `Run`. */
export function runAnswer(run: Run) {
  return {
    info: runInfoAnswer(run),
    data: {
      metrics: run.metrics.map(metricAnswer),
      params: run.parameters,
      tags: tagList(run.tags),
    },
    inputs: {
      dataset_inputs: run.datasets.map(datasetInputAnswer),
      model_inputs: run.modelInputs.map(({ modelId }) => ({ model_id: modelId })),
    },
    outputs: {
      model_outputs: run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
    },
  }
}

/** MLflow's `RunInfo`. */
export function runInfoAnswer(run: Run) {
  return {
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.user,
    status: run.status,
    start_time: run.startedAtMs,
    end_time: run.endedAtMs ?? undefined,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycle,
  }
}

/** MLflow's `Metric`. */
export function metricAnswer(metric: MetricPoint) {
  return {
    key: metric.key,
    value: writeDouble(metric.value),
    timestamp: metric.timestampMs,
    step: metric.step,
    model_id: metric.modelId,
    dataset_name: metric.datasetName,
    dataset_digest: metric.datasetDigest,
  }
}

function datasetInputAnswer(input: DatasetInput) {
  return {
    tags: tagList(input.tags),
    dataset: {
      name: input.name,
      digest: input.digest,
      source_type: input.sourceType,
      source: input.source,
      schema: input.schema ?? undefined,
      profile: input.profile ?? undefined,
    },
  }
}
