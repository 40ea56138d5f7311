import { contentId } from '../../core/identity/index.ts'
import type {
  MonitoringPolicy,
  MonitorWindow,
  Problem,
  Reference,
} from '../../core/records/index.ts'
import { percentiles } from '../../core/statistics/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'
import { type AnswerReading, answerNumber, answerReading, labelledRows } from './answers.ts'
import { inputDrift, predictionDrift } from './input-drift.ts'
import { calibrationGap, windowMetrics } from './window-metrics.ts'

export interface WatchWindowOptions {
  readonly endpoint: string
  /** The version the figures speak of. */
  readonly version: number
  /** ISO 8601, the window being [from, to). */
  readonly from: string
  readonly to: string
  /** Every prediction of the endpoint in the window, other versions' included. */
  readonly entries: readonly LabelledPrediction[]
  /** Of the version's training rows. */
  readonly reference: Reference
  readonly problem: Pick<Problem, 'type' | 'positiveClass' | 'value'>
  /** The version's; null when the problem is not binary. */
  readonly threshold: number | null
  /** Classes in the order of the version's output. */
  readonly classes: readonly string[]
  /** As the version's signature names it. Default: found among the classes by the problem's. */
  readonly positiveClass?: string | null
  readonly policy: MonitoringPolicy
  /** Requests of the window that failed. */
  readonly errors: number
  readonly resources: MonitorWindow['resources']
  /** Span in which the window's requests came, by the gateway's own clock; null when not known. */
  readonly wallClockMs: number | null
}

const MICROSECONDS_PER_MS = 1_000

function latencyOf(entries: readonly LabelledPrediction[]): MonitorWindow['latency'] {
  const found = percentiles(entries.map((entry) => entry.latencyUs / MICROSECONDS_PER_MS))
  return found === null ? null : { p50Ms: found.p50, p95Ms: found.p95, p99Ms: found.p99 }
}

function throughputOf({ entries, wallClockMs }: WatchWindowOptions): number | null {
  return wallClockMs === null || wallClockMs <= 0 ? null : (entries.length * 1_000) / wallClockMs
}

/** Each version's own figures; empty when only one answered. */
function figuresByVersion(
  options: WatchWindowOptions,
  reading: AnswerReading,
): MonitorWindow['byVersion'] {
  const groups = new Map<number, LabelledPrediction[]>()
  for (const entry of options.entries) {
    const group = groups.get(entry.version)
    if (group === undefined) groups.set(entry.version, [entry])
    else group.push(entry)
  }
  const figures: MonitorWindow['byVersion'] = {}
  if (groups.size < 2) return figures
  for (const [version, entries] of [...groups].sort(([a], [b]) => a - b)) {
    const rows = labelledRows(entries, reading)
    // The thresholds of other versions are not known here; their decisions tell them.
    const threshold = version === options.version ? options.threshold : null
    figures[String(version)] = {
      predictions: entries.length,
      labels: rows.entries.length,
      metrics: windowMetrics(rows, { reading, value: options.problem.value, threshold }),
    }
  }
  return figures
}

/**
 * Stage 12: one window of watching an endpoint. All figures but throughput, errors, resources and
 * `byVersion` speak of the one version's own predictions. Below `minRows` of them the window is
 * stored, not judged. A label that cannot be read counts as unusable, never as a truth.
 *
 * @throws MONITORING_POSITIVE_CLASS_UNKNOWN when the classes are not those of the problem.
 */
export function watchWindow(options: WatchWindowOptions): MonitorWindow {
  const { endpoint, version, from, to, reference, policy, threshold } = options
  const reading = answerReading(options)
  const own = options.entries.filter((entry) => entry.version === version)
  const judged = own.length >= policy.minRows
  const rows = labelledRows(own, reading)
  const metrics = windowMetrics(rows, { reading, value: options.problem.value, threshold })
  const answers = own.map((entry) => answerNumber(entry.output, reading))
  const window: Omit<MonitorWindow, 'id'> = {
    endpoint,
    version,
    from,
    to,
    predictions: own.length,
    judged,
    drift: inputDrift(reference, own, { policy, judged }),
    predictionDrift: predictionDrift(reference, answers, { policy, judged }),
    labels: rows.entries.length,
    unusableLabels: rows.unusable,
    metrics,
    valuePerDecision: metrics.valuePerDecision ?? null,
    calibrationGap: calibrationGap(rows, reading),
    latency: latencyOf(own),
    throughputPerSecond: throughputOf(options),
    flagged: own.filter((entry) => entry.flags.length > 0).length,
    errors: options.errors,
    resources: options.resources,
    byVersion: figuresByVersion(options, reading),
  }
  // By what was watched: figures such as latency differ each time the same days are replayed.
  return { id: contentId('window', { endpoint, version, from, to }), ...window }
}
