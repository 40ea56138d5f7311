import type { Reason } from '../../core/records/index.ts'

/** Why a criterion passed, failed or did not apply, and why the verdict fell; translated by code. */
export const GATE_REASONS = [
  'bound-kept',
  'bound-broken',
  'bound-missing',
  'metric-missing',
  'interval-missing',
  'baseline-beaten',
  'baseline-not-beaten',
  'baseline-missing',
  'no-champion',
  'comparison-missing',
  'champion-beaten',
  'champion-not-beaten',
  'champion-matched',
  'champion-not-matched',
  'latency-missing',
  'latency-kept',
  'latency-exceeded',
  'size-kept',
  'size-exceeded',
  'column-not-measured',
  'groups-too-small',
  'fairness-kept',
  'fairness-exceeded',
  'slices-kept',
  'slices-broken',
  'slice-metric-missing',
  'robustness-missing',
  'robustness-kept',
  'robustness-exceeded',
  'criteria-passed',
  'criteria-failed',
  'warning-failed',
] as const
export type GateReason = (typeof GATE_REASONS)[number]

/** A reason with a code of the list. */
export function gateReason(
  code: GateReason,
  message: string,
  values: Reason['values'] = {},
): Reason {
  return { code, message, values }
}
