import type { MetricName, Metrics } from '../records/index.ts'

/** Keeps the metrics that are defined: a metric that is undefined, NaN or infinite is left out. */
export function definedMetrics(
  values: Readonly<Partial<Record<MetricName, number | undefined>>>,
): Metrics {
  const metrics: Metrics = {}
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && Number.isFinite(value)) metrics[name] = value
  }
  return metrics
}
