import type { LoggedModel, MetricPoint, Run } from '../../../platform/tracking/index.ts'
import { metricText } from '../http/metric-value.ts'

/** The API's shape of a point of a metric. */
export function wirePoint({ key, value, timestampMs, step }: MetricPoint) {
  return { key, value: metricText(value), timestampMs, step }
}

/** The API's shape of a run. */
export function wireRun(run: Run) {
  const { datasets, modelInputs, modelOutputs, ...rest } = run
  return { ...rest, parameters: [...run.parameters], metrics: run.metrics.map(wirePoint) }
}

/** The API's shape of a logged model. */
export function wireLoggedModel(model: LoggedModel) {
  const { statusMessage, ...rest } = model
  return {
    ...rest,
    parameters: [...model.parameters],
    metrics: model.metrics.map((point) => ({ ...wirePoint(point), runId: point.runId })),
  }
}
