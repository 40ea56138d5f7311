import type { Reason } from '../../core/records/index.ts'

/** Why a model is kept or trained again; translated by code. */
export const RETRAINING_REASONS = [
  'no-window',
  'window-not-judged',
  'windows-not-enough',
  'labels-too-few',
  'metric-not-measured',
  'baseline-metric-missing',
  'performance-kept',
  'performance-lost',
  'inputs-stable',
  'inputs-drifted',
  'calibration-not-measured',
  'calibration-kept',
  'calibration-parted',
  'schedule-not-due',
  'schedule-due',
  'no-triggers',
  'no-trigger-fired',
  'trigger-fired',
  'cooling-down',
  'rollout-under-way',
] as const
export type RetrainingReason = (typeof RETRAINING_REASONS)[number]

/** A reason with a code of the list. */
export function retrainingReason(
  code: RetrainingReason,
  message: string,
  values: Reason['values'] = {},
): Reason {
  return { code, message, values }
}
