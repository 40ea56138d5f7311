import { contentId } from '../../core/identity/index.ts'
import type {
  Metrics,
  MonitorWindow,
  Reason,
  RetrainingDecision,
  RetrainingPolicy,
  Trigger,
} from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'
import { judgeTrigger } from './judge-trigger.ts'
import { retrainingReason } from './retraining-reasons.ts'

export interface JudgeRetrainingOptions {
  readonly policy: RetrainingPolicy
  readonly endpoint: string
  readonly version: number
  /** Windows of the endpoint, the newest last; those of other versions are left out. */
  readonly windows: readonly MonitorWindow[]
  /** Test metrics of the version. */
  readonly baselineMetrics: Metrics
  /** Mean predicted less observed positive share on the test rows; null when there is none. */
  readonly baselineCalibrationGap: number | null
  /** Up to when the version's data reach; null when not known. */
  readonly lastTrainedAtMs: number | null
  /** The last decision to retrain; null when there was none. */
  readonly lastRetrainingAtMs: number | null
  /** The version that is being rolled out beside this one; null or absent when none is. */
  readonly challenger?: number | null
  readonly nowMs: number
  /** Labelled predictions a window needs before its metrics are believed. Default 200. */
  readonly minLabels?: number
}

const DEFAULT_MIN_LABELS = 200
/** Window of a decision that was taken before any was watched. */
const NO_WINDOW = 'none'

type JudgedTrigger = RetrainingDecision['triggers'][number]

function nameOf(trigger: Trigger): string {
  if (trigger.name !== undefined) return trigger.name
  return trigger.on === 'performance' ? `${trigger.on} ${trigger.metric}` : trigger.on
}

function coolingDown(options: JudgeRetrainingOptions): Reason | undefined {
  const { policy, lastRetrainingAtMs, nowMs } = options
  if (lastRetrainingAtMs === null) return undefined
  const untilMs = lastRetrainingAtMs + durationMs(policy.cooldown)
  if (nowMs >= untilMs) return undefined
  const values = {
    cooldown: String(policy.cooldown),
    last: isoTime(lastRetrainingAtMs),
    until: isoTime(untilMs),
  }
  const message = `a retraining was decided at ${values.last}; the next may follow at ${values.until}`
  return retrainingReason('cooling-down', message, values)
}

/** What a version trained now would wait for in vain: one is rolled out at a time. */
function whyNotNow(options: JudgeRetrainingOptions): Reason | undefined {
  const { challenger } = options
  if (challenger === undefined || challenger === null) return coolingDown(options)
  const message = `version ${challenger} is being rolled out; another is not trained before that ends`
  return retrainingReason('rollout-under-way', message, { challenger })
}

function firedReasons(fired: readonly JudgedTrigger[]): Reason[] {
  return fired.map(({ name, on, reason }) =>
    retrainingReason('trigger-fired', `"${name}" fired: ${reason.message}`, {
      name,
      on,
      reason: reason.code,
    }),
  )
}

function reasonsToKeep(
  fired: readonly JudgedTrigger[],
  triggers: readonly JudgedTrigger[],
  hindrance: Reason | undefined,
): Reason[] {
  if (triggers.length === 0) {
    return [retrainingReason('no-triggers', 'the project declares no trigger for retraining')]
  }
  if (fired.length === 0 || hindrance === undefined) {
    const message = `none of ${triggers.length} triggers fired`
    return [retrainingReason('no-trigger-fired', message, { triggers: triggers.length })]
  }
  return [hindrance, ...firedReasons(fired)]
}

/**
 * Stage 13: keep watching, or train again. Every declared trigger is judged and kept with its
 * reason, whether it fired or not. One that fires is enough, unless the last retraining is too near
 * or what came of it is still being rolled out.
 */
export function judgeRetraining(options: JudgeRetrainingOptions): RetrainingDecision {
  const { policy, endpoint, version, nowMs } = options
  const windows = options.windows.filter(
    (window) => window.endpoint === endpoint && window.version === version,
  )
  const context = { ...options, windows, minLabels: options.minLabels ?? DEFAULT_MIN_LABELS }
  const triggers = policy.triggers.map(
    (trigger): JudgedTrigger => ({
      name: nameOf(trigger),
      on: trigger.on,
      ...judgeTrigger(trigger, context),
    }),
  )
  const fired = triggers.filter((trigger) => trigger.fired)
  const hindrance = whyNotNow(options)
  const retrain = fired.length > 0 && hindrance === undefined
  const window = windows.at(-1)?.id ?? NO_WINDOW
  const at = isoTime(nowMs)
  return {
    // By what was judged, when: measured figures in the reasons differ in their last digits each
    // time the same days are replayed.
    id: contentId('retraining', { endpoint, version, window, at }),
    endpoint,
    version,
    window,
    outcome: retrain ? 'retrain' : 'keep',
    triggers,
    reasons: retrain ? firedReasons(fired) : reasonsToKeep(fired, triggers, hindrance),
    at,
  }
}
