import type { Reason } from '../../core/records/index.ts'

/** Why tuning goes on, with what, or stops; translated by code. */
export const TUNING_REASONS = [
  'verdict-is-yes',
  'rounds-used-up',
  'nothing-tunable',
  'nothing-mendable',
  'not-mendable',
  'before-first-verdict',
  'candidate-tuned',
  'metric-follows-criterion',
  'metric-follows-ranking',
] as const
export type TuningReason = (typeof TUNING_REASONS)[number]

/** A reason with a code of the list. */
export function tuningReason(
  code: TuningReason,
  message: string,
  values: Reason['values'] = {},
): Reason {
  return { code, message, values }
}
