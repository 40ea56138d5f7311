import type { LogBatch, MetricPoint, Parameter, Tags } from '../../platform/tracking/index.ts'
import { mlflowErrors } from './errors.ts'
import { readDouble, readInteger } from './numbers.ts'
import { excerpt } from './request-fields.ts'

/**
 * Reads what is logged most, by hand: a schema's walk over a thousand metrics costs more than
 * keeping them.
 */

type Fields = Readonly<Record<string, unknown>>

const MOST_ENTRIES = 1_000
const MOST_PARAMETERS = 100
const MOST_TAGS = 100

export interface RunBatch {
  readonly runId: string
  readonly batch: LogBatch
}

/** The body of `runs/log-batch`. @throws MLFLOW_FIELD_MISSING, MLFLOW_FIELD_INVALID */
export function readLogBatch(raw: unknown): RunBatch {
  const body = fields(raw, '')
  const runId = readRunId(body)
  const metrics = list(body.metrics, 'metrics', MOST_ENTRIES)
  const params = list(body.params, 'params', MOST_PARAMETERS)
  const tags = list(body.tags, 'tags', MOST_TAGS)
  const total = metrics.length + params.length + tags.length
  if (total > MOST_ENTRIES) {
    throw invalid('metrics, params, tags', `at most ${MOST_ENTRIES} entries in all`, total)
  }
  return {
    runId,
    batch: {
      metrics: metrics.map((metric, at) =>
        readMetric(fields(metric, 'metrics', at), 'metrics', at),
      ),
      parameters: params.map((parameter, at) => readParameter(fields(parameter, 'params', at), at)),
      tags: readTags(tags),
    },
  }
}

/** The body of `runs/log-metric`. */
export function readLogMetric(raw: unknown): RunBatch {
  const body = fields(raw, '')
  const metrics = [readMetric(body)]
  return { runId: readRunId(body), batch: { metrics, parameters: [], tags: {} } }
}

/** The body of `runs/log-parameter`. */
export function readLogParameter(raw: unknown): RunBatch {
  const body = fields(raw, '')
  const parameters = [readParameter(body)]
  return { runId: readRunId(body), batch: { metrics: [], parameters, tags: {} } }
}

/** The body of `runs/set-tag`. */
export function readSetTag(raw: unknown): RunBatch {
  const body = fields(raw, '')
  const key = requiredText(body.key, 'key')
  const tags = { [key]: optionalText(body.value, 'value') ?? '' }
  return { runId: readRunId(body), batch: { metrics: [], parameters: [], tags } }
}

function readRunId(body: Fields): string {
  const given = body.run_id === undefined || body.run_id === '' ? body.run_uuid : body.run_id
  return requiredText(given, 'run_id')
}

function readMetric(metric: Fields, of?: string, at?: number): MetricPoint {
  const value = readDouble(metric.value)
  if (value === undefined) throw unfit(metric.value, 'a number', place('value', of, at))
  const timestampMs = readInteger(metric.timestamp)
  if (timestampMs === undefined) {
    throw unfit(metric.timestamp, 'a whole number of milliseconds', place('timestamp', of, at))
  }
  const step = metric.step === undefined || metric.step === null ? 0 : readInteger(metric.step)
  if (step === undefined) throw unfit(metric.step, 'a whole number', place('step', of, at))
  const { key } = metric
  if (typeof key !== 'string' || key === '') throw unfit(key, 'a text', place('key', of, at))
  return {
    key,
    value,
    timestampMs,
    step,
    modelId: optionalText(metric.model_id, 'model_id') || undefined,
    datasetName: optionalText(metric.dataset_name, 'dataset_name') || undefined,
    datasetDigest: optionalText(metric.dataset_digest, 'dataset_digest') || undefined,
  }
}

function readParameter(parameter: Fields, at?: number): Parameter {
  return {
    key: requiredText(parameter.key, place('key', 'params', at)),
    value: optionalText(parameter.value, place('value', 'params', at)) ?? '',
  }
}

function readTags(list: readonly unknown[]): Tags {
  return Object.fromEntries(
    list.map((raw, at) => {
      const tag = fields(raw, 'tags', at)
      const key = requiredText(tag.key, place('key', 'tags', at))
      return [key, optionalText(tag.value, place('value', 'tags', at)) ?? '']
    }),
  )
}

function fields(raw: unknown, of: string, at?: number): Fields {
  if (isFields(raw)) return raw
  throw invalid(at === undefined ? of : `${of}[${at}]`, 'an object', raw)
}

function isFields(raw: unknown): raw is Fields {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

function list(raw: unknown, field: string, most: number): readonly unknown[] {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) throw invalid(field, 'a list', raw)
  if (raw.length > most) throw invalid(field, `at most ${most} of them`, raw.length)
  return raw
}

function requiredText(raw: unknown, field: string): string {
  if (typeof raw === 'string' && raw !== '') return raw
  throw unfit(raw, 'a text', field)
}

function optionalText(raw: unknown, field: string): string | undefined {
  if (raw === undefined || raw === null) return undefined
  if (typeof raw === 'string') return raw
  throw invalid(field, 'a text', raw)
}

function place(field: string, of?: string, at?: number): string {
  return at === undefined ? field : `${of}[${at}].${field}`
}

function unfit(raw: unknown, expected: string, field: string) {
  if (raw === undefined || raw === null || raw === '') {
    return mlflowErrors.MLFLOW_FIELD_MISSING({ field })
  }
  return invalid(field, expected, raw)
}

function invalid(field: string, expected: string, got: unknown) {
  return mlflowErrors.MLFLOW_FIELD_INVALID({ field, expected, got: excerpt(got) })
}
