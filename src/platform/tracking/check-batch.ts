import { checkMetric, checkParameters, checkTags, excerpt, LIMITS } from './entry-limits.ts'
import { trackingErrors as errors } from './errors.ts'
import type { LogBatch } from './run.ts'

/**
 * What can be told without the database.
 * @throws METRIC_INVALID, NAME_INVALID, ENTRY_TOO_LONG, ENTRY_UNREADABLE, PARAMETER_TWICE, LOG_BATCH_TOO_LARGE
 */
export function checkBatch(batch: LogBatch, isKnown: (key: string) => boolean): void {
  const { metrics, parameters, tags } = batch
  const tagCount = Object.keys(tags).length
  const total = metrics.length + parameters.length + tagCount
  checkCount('metrics', metrics.length, LIMITS.metricsPerBatch)
  checkCount('params', parameters.length, LIMITS.parametersPerBatch)
  checkCount('tags', tagCount, LIMITS.tagsPerBatch)
  checkCount('metrics, params, and tags', total, LIMITS.entriesPerBatch)
  for (const point of metrics) {
    checkMetric(point, isKnown)
    for (const text of [point.modelId, point.datasetName, point.datasetDigest])
      if (text?.includes('\0') || (text !== undefined && text.length > LIMITS.datasetName))
        throw errors.METRIC_INVALID({
          key: point.key,
          field: 'model or dataset',
          got: excerpt(text),
          expected: `at most ${LIMITS.datasetName} characters, no NUL`,
        })
  }
  checkParameters(parameters, isKnown)
  checkTags('tag', tags, LIMITS.tagValue)
}

function checkCount(what: string, got: number, limit: number): void {
  if (got > limit) throw errors.LOG_BATCH_TOO_LARGE({ what, limit, got })
}
