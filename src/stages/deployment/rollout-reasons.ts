import type { Reason } from '../../core/records/index.ts'

/** Why a rollout decision was taken; every surface says these in the reader's language. */
export const ROLLOUT_REASONS = [
  'first-version',
  'blue-green-switch',
  'canary-started',
  'canary-passed',
  'already-stable',
  'already-canary',
  'no-canary',
  'policy-changed',
  'bake-not-over',
  'bake-over',
  'requests-awaited',
  'stable-requests-awaited',
  'stable-without-traffic',
  'error-rate-kept',
  'error-rate-exceeded',
  'latency-ratio-kept',
  'latency-ratio-exceeded',
  'latency-not-measured',
  'value-kept',
  'value-exceeded',
  'labels-awaited',
  'canary-withdrawn',
  'stable-rolled-back',
  'asked-for',
  'clock-set',
  'promoted-early',
  'rollout-aborted',
  'drift-kept',
  'drift-exceeded',
  'drift-awaited',
  'quality-kept',
  'quality-exceeded',
  'ab-test-started',
  'samples-awaited',
  'metric-constant',
  'arms-observed',
  'difference-open',
  'treatment-won',
  'treatment-lost',
  'test-futile',
  'test-time-up',
  'money-difference',
  'shadow-started',
  'shadow-report',
  'shadow-time-up',
  'difference-kept',
  'difference-exceeded',
  'decisions-kept',
  'decisions-exceeded',
] as const
export type RolloutReason = (typeof ROLLOUT_REASONS)[number]

/** A reason with a code of the list. */
export function rolloutReason(
  code: RolloutReason,
  message: string,
  values: Reason['values'] = {},
): Reason {
  return { code, message, values }
}
