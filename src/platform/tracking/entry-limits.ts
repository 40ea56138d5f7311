import { posix } from 'node:path'
import { trackingErrors as errors } from './errors.ts'
import type { Tags } from './experiment.ts'
import type { MetricPoint, Parameter } from './run.ts'

/** The longest texts that are kept, in UTF-16 units, and the most entries of one request; as MLflow has them. */
export const LIMITS = {
  key: 250,
  parameterValue: 6_000,
  tagValue: 8_000,
  experimentName: 500,
  experimentTagValue: 20_000,
  /** Tags of logged models and of experiments share a limit. */
  modelTagValue: 20_000,
  metricsPerBatch: 1_000,
  parametersPerBatch: 100,
  tagsPerBatch: 100,
  entriesPerBatch: 1_000,
  datasetName: 500,
  datasetDigest: 36,
  datasetSchema: 1_048_575,
  datasetSource: 65_535,
  datasetProfile: 16_777_215,
  inputTagKey: 255,
  inputTagValue: 500,
} as const

const KEY = /^[/\p{L}\p{N}\p{M}_.\- :]+$/u
const LARGEST_DOUBLE = Number.MAX_VALUE

/** @throws NAME_INVALID, ENTRY_TOO_LONG */
function checkKey(what: string, key: string): void {
  const fault = keyFault(key)
  if (fault !== undefined) throw errors.NAME_INVALID({ what, got: excerpt(key), reason: fault })
  checkLength(what, key, LIMITS.key)
}

function keyFault(key: string): string | undefined {
  if (key === '') return 'a name is needed'
  if (!KEY.test(key)) return 'it has a character that names may not have'
  const path = posix.normalize(key)
  // Some artifact folders are named after keys, so a key must not lead elsewhere as a path.
  if (
    path !== key ||
    key.endsWith('/') ||
    key.startsWith('/') ||
    key.startsWith('..') ||
    key === '.'
  )
    return 'read as a path, it would lead elsewhere'
  return undefined
}

/** @throws ENTRY_TOO_LONG, ENTRY_UNREADABLE for a text that not every database can keep */
export function checkText(what: string, text: string, limit: number): void {
  checkLength(what, text, limit)
  if (text.includes('\0'))
    throw errors.ENTRY_UNREADABLE({ what, got: excerpt(text), expected: 'a text without NUL' })
}

function checkLength(what: string, text: string, limit: number): void {
  if (text.length > limit) throw errors.ENTRY_TOO_LONG({ what, limit, got: text.length })
}

/** @throws NAME_INVALID, ENTRY_TOO_LONG, ENTRY_UNREADABLE */
export function checkTags(what: string, tags: Tags, valueLimit: number): void {
  for (const [key, value] of Object.entries(tags)) {
    checkKey(`${what} key`, key)
    checkText(`value of ${what} ${key}`, value, valueLimit)
  }
}

/** @throws NAME_INVALID, ENTRY_TOO_LONG, ENTRY_UNREADABLE, PARAMETER_TWICE */
export function checkParameters(
  parameters: readonly Parameter[],
  isKnown: (key: string) => boolean = () => false,
): void {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { key, value } of parameters) {
    if (!isKnown(key)) checkKey('parameter name', key)
    checkText(`value of parameter ${key}`, value, LIMITS.parameterValue)
    if (seen.has(key)) twice.add(key)
    seen.add(key)
  }
  if (twice.size > 0) throw errors.PARAMETER_TWICE({ keys: [...twice].join(', ') })
}

/** @throws METRIC_INVALID, NAME_INVALID, ENTRY_TOO_LONG */
export function checkMetric(point: MetricPoint, isKnown: (key: string) => boolean): void {
  const { key } = point
  if (!isKnown(key)) checkKey('metric name', key)
  if (typeof point.value !== 'number') throw metricFault(point, 'value', 'a double')
  if (!Number.isSafeInteger(point.timestampMs) || point.timestampMs < 0)
    throw metricFault(point, 'timestamp', 'whole milliseconds since 1970, not negative')
  if (!Number.isSafeInteger(point.step)) throw metricFault(point, 'step', 'a whole number')
}

function metricFault(point: MetricPoint, field: 'value' | 'timestamp' | 'step', expected: string) {
  const got = { value: point.value, timestamp: point.timestampMs, step: point.step }[field]
  return errors.METRIC_INVALID({ key: point.key, field, got: String(got), expected })
}

/** A value as it is kept: NaN apart, infinities as the largest doubles. */
export function storedValue(value: number): { value: number; is_nan: 0 | 1 } {
  if (Number.isNaN(value)) return { value: 0, is_nan: 1 }
  return { value: Math.min(Math.max(value, -LARGEST_DOUBLE), LARGEST_DOUBLE), is_nan: 0 }
}

/** The beginning of a text, for messages. */
export function excerpt(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}
