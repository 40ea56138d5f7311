import { LOWER_IS_BETTER, type MonitorWindow } from '../../core/records/index.ts'
import { figureText } from '../../core/statistics/index.ts'
import { retrainingReason } from './retraining-reasons.ts'
import type { Sign, TriggerContext, TriggerOf } from './trigger-context.ts'

const NAMES_SHOWN = 5

function tooFewLabels(window: MonitorWindow, { minLabels }: TriggerContext): Sign | undefined {
  if (window.labels >= minLabels) return undefined
  const message = `${window.labels} predictions of the window are labelled, ${minLabels} are needed to judge`
  const values = { labels: window.labels, needed: minLabels }
  return { shown: false, reason: retrainingReason('labels-too-few', message, values) }
}

/** Did a metric fall behind the test evaluation by more than the bound, in its own direction? */
export function performanceSign(
  trigger: TriggerOf<'performance'>,
  window: MonitorWindow,
  context: TriggerContext,
): Sign {
  const { metric, maxLoss } = trigger
  const baseline = context.baselineMetrics[metric]
  if (baseline === undefined) {
    const message = `the version's evaluation has no ${metric} to compare with`
    return {
      shown: false,
      reason: retrainingReason('baseline-metric-missing', message, { metric }),
    }
  }
  const few = tooFewLabels(window, context)
  if (few !== undefined) return few
  const value = window.metrics[metric]
  if (value === undefined) {
    const message = `${metric} is not defined on the labelled predictions of the window`
    return { shown: false, reason: retrainingReason('metric-not-measured', message, { metric }) }
  }
  const loss = LOWER_IS_BETTER.includes(metric) ? value - baseline : baseline - value
  const shown = loss > maxLoss
  const message = `${metric} is ${figureText(value)} against ${figureText(baseline)} in the test: a loss of ${figureText(loss)}, at most ${figureText(maxLoss)} is allowed`
  const values = { metric, value, baseline, loss, maxLoss }
  return {
    shown,
    reason: retrainingReason(shown ? 'performance-lost' : 'performance-kept', message, values),
  }
}

/** Do enough inputs, or the answers themselves, drift beyond the alert bound? */
export function dataDriftSign(trigger: TriggerOf<'data-drift'>, window: MonitorWindow): Sign {
  const inputs = window.drift.filter((drift) => drift.level === 'alert')
  const prediction = window.predictionDrift?.level === 'alert'
  const shown = inputs.length >= trigger.minInputs || prediction
  const worst = [...inputs].sort((a, b) => b.psi - a.psi).slice(0, NAMES_SHOWN)
  const names = worst.map((drift) => drift.input).join(', ')
  const values = { drifted: inputs.length, minInputs: trigger.minInputs, inputs: names, prediction }
  const subject = `${inputs.length} of ${window.drift.length} inputs${names === '' ? '' : ` (${names})`}`
  const message = `${subject}${prediction ? ' and the prediction itself' : ''} drift beyond the alert bound, ${trigger.minInputs} or the prediction would be too much`
  return {
    shown,
    reason: retrainingReason(shown ? 'inputs-drifted' : 'inputs-stable', message, values),
  }
}

/** Have what the model says and what comes true parted further than they were in the test? */
export function conceptDriftSign(
  trigger: TriggerOf<'concept-drift'>,
  window: MonitorWindow,
  context: TriggerContext,
): Sign {
  const { maxCalibrationGap } = trigger
  if (window.calibrationGap === null) {
    const message = 'no calibration gap was measured; it needs a binary problem and labels'
    return { shown: false, reason: retrainingReason('calibration-not-measured', message) }
  }
  const few = tooFewLabels(window, context)
  if (few !== undefined) return few
  const baseline = context.baselineCalibrationGap ?? 0
  const shift = window.calibrationGap - baseline
  const shown = Math.abs(shift) > maxCalibrationGap
  const message = `predicted less observed share is ${figureText(window.calibrationGap)} against ${figureText(baseline)} in the test: they parted by ${figureText(Math.abs(shift))}, at most ${figureText(maxCalibrationGap)} is allowed`
  const values = { gap: window.calibrationGap, baseline, shift, maxCalibrationGap }
  return {
    shown,
    reason: retrainingReason(shown ? 'calibration-parted' : 'calibration-kept', message, values),
  }
}
