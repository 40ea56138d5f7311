import type { MonitorWindow, Trigger } from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'
import { retrainingReason } from './retraining-reasons.ts'
import type { Sign, TriggerContext, TriggerFinding, TriggerOf } from './trigger-context.ts'
import { conceptDriftSign, dataDriftSign, performanceSign } from './window-signs.ts'

type WindowTrigger = Exclude<Trigger, { on: 'schedule' }>

function signOf(trigger: WindowTrigger, window: MonitorWindow, context: TriggerContext): Sign {
  switch (trigger.on) {
    case 'performance':
      return performanceSign(trigger, window, context)
    case 'data-drift':
      return dataDriftSign(trigger, window)
    case 'concept-drift':
      return conceptDriftSign(trigger, window, context)
  }
}

/** Judged windows at the end of the list that show the fault without a break. */
function runLength(trigger: WindowTrigger, context: TriggerContext): number {
  let length = 0
  for (const window of [...context.windows].reverse()) {
    if (!window.judged || !signOf(trigger, window, context).shown) break
    length++
  }
  return length
}

/**
 * A trigger on windows fires when the newest ones show its fault, as many running as it asks for.
 * A window that is not judged shows nothing and breaks the run: silence is no evidence.
 */
function judgeWindows(trigger: WindowTrigger, context: TriggerContext): TriggerFinding {
  const newest = context.windows.at(-1)
  if (newest === undefined) {
    return { fired: false, reason: retrainingReason('no-window', 'no window was watched yet') }
  }
  if (!newest.judged) {
    const message = `the newest window has ${newest.predictions} predictions, too few to judge`
    const values = { predictions: newest.predictions }
    return { fired: false, reason: retrainingReason('window-not-judged', message, values) }
  }
  const { shown, reason } = signOf(trigger, newest, context)
  if (!shown) return { fired: false, reason }
  const running = runLength(trigger, context)
  if (running >= trigger.windows) return { fired: true, reason }
  const message = `${reason.message}; seen in ${running} of ${trigger.windows} windows running`
  const values = { ...reason.values, sign: reason.code, running, needed: trigger.windows }
  return { fired: false, reason: retrainingReason('windows-not-enough', message, values) }
}

/** Due when the newest training or retraining lies at least this long back. */
function judgeSchedule(trigger: TriggerOf<'schedule'>, context: TriggerContext): TriggerFinding {
  const known = [context.lastTrainedAtMs, context.lastRetrainingAtMs].filter((ms) => ms !== null)
  const every = String(trigger.every)
  if (known.length === 0) {
    const message = `the model is trained every ${every}, and when it last was is not known`
    return { fired: true, reason: retrainingReason('schedule-due', message, { every, last: null }) }
  }
  const lastMs = Math.max(...known)
  const dueMs = lastMs + durationMs(trigger.every)
  const fired = context.nowMs >= dueMs
  const values = { every, last: isoTime(lastMs), due: isoTime(dueMs) }
  const message = `the model was last trained at ${values.last} and is due every ${every}, at ${values.due}`
  return {
    fired,
    reason: retrainingReason(fired ? 'schedule-due' : 'schedule-not-due', message, values),
  }
}

/** Judges one declared trigger. */
export function judgeTrigger(trigger: Trigger, context: TriggerContext): TriggerFinding {
  return trigger.on === 'schedule'
    ? judgeSchedule(trigger, context)
    : judgeWindows(trigger, context)
}
