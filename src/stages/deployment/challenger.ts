import type { EndpointState } from '../../core/records/index.ts'

/** The version beside the stable one. */
export interface Challenger {
  readonly kind: 'canary' | 'ab-test' | 'shadow'
  readonly version: number
  /** ISO 8601; of a canary, since its present step. */
  readonly since: string
  /** Percent of traffic, or of keys, that it answers. */
  readonly percent: number
}

/** What is being rolled out at an endpoint, by whatever strategy; null when nothing is. */
export function challengerOf(
  state: Pick<EndpointState, 'canary' | 'trial'> | undefined,
): Challenger | null {
  if (state?.canary) {
    const { version, since, percent } = state.canary
    return { kind: 'canary', version, since, percent }
  }
  if (state?.trial) {
    const { trial } = state
    const percent = trial.kind === 'ab-test' ? trial.strategy.share * 100 : 0
    return { kind: trial.kind, version: trial.version, since: trial.since, percent }
  }
  return null
}
