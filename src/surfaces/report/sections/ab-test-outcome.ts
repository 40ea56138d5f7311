import type { Reason, RolloutDecision } from '../../../core/records/index.ts'

/** Treatment less control, in the metric's unit. */
export interface AbTestDifference {
  readonly metric: string
  readonly estimate: number
  readonly low: number
  readonly high: number
  readonly minEffect: number
  readonly alpha: number
  readonly better: 'higher' | 'lower'
}

interface Arm {
  readonly keys: number
  readonly labelled: number
  readonly mean: number | null
}

/** One A/B run as its decisions tell it. */
export interface AbTestOutcome {
  readonly version: number
  readonly stable: number
  /** Of the keys that met the new version. */
  readonly percent: number
  readonly metric: string
  readonly from: string
  /** Null while it is under way. */
  readonly to: string | null
  readonly result: 'won' | 'lost' | 'futile' | 'time-up' | 'stopped' | 'by-hand' | 'running'
  readonly isPromoted: boolean
  readonly difference: AbTestDifference | null
  /** Of a month. */
  readonly money: { readonly value: number; readonly low: number; readonly high: number } | null
  readonly arms: { readonly treatment: Arm; readonly control: Arm } | null
}

const RESULTS: readonly (readonly [string, AbTestOutcome['result']])[] = [
  ['promoted-early', 'by-hand'],
  ['rollout-aborted', 'by-hand'],
  ['canary-withdrawn', 'by-hand'],
  ['error-rate-exceeded', 'stopped'],
  ['latency-ratio-exceeded', 'stopped'],
  ['test-time-up', 'time-up'],
  ['treatment-won', 'won'],
  ['treatment-lost', 'lost'],
  ['test-futile', 'futile'],
]

const MEASURED = ['treatment-won', 'treatment-lost', 'test-futile', 'difference-open']

/** The A/B runs among an endpoint's decisions, each with the decision that ended it. */
export function abTestOutcomes(decisions: readonly RolloutDecision[]): AbTestOutcome[] {
  return decisions.flatMap((start, i) => {
    if (start.action !== 'start-ab-test') return []
    const end = decisions.slice(i + 1).find(({ action }) => action !== 'wait')
    return [outcomeOf(start, end)]
  })
}

function outcomeOf(start: RolloutDecision, end: RolloutDecision | undefined): AbTestOutcome {
  const begun = valuesOf(start.reasons, ['ab-test-started'])
  const reasons = end?.reasons ?? []
  return {
    version: start.version,
    stable: numberOf(begun, 'stable'),
    percent: start.percent,
    metric: String(begun?.metric ?? ''),
    from: start.at,
    to: end?.at ?? null,
    result: resultOf(end),
    isPromoted: end?.action === 'complete',
    difference: differenceOf(reasons),
    money: moneyOf(reasons),
    arms: armsOf(reasons),
  }
}

function resultOf(end: RolloutDecision | undefined): AbTestOutcome['result'] {
  if (end === undefined) return 'running'
  const codes = new Set(end.reasons.map(({ code }) => code))
  return RESULTS.find(([code]) => codes.has(code))?.[1] ?? 'by-hand'
}

type Values = Reason['values']

function valuesOf(reasons: readonly Reason[], codes: readonly string[]): Values | undefined {
  return reasons.find(({ code }) => codes.includes(code))?.values
}

function numberOf(values: Values | undefined, name: string): number {
  return Number(values?.[name] ?? Number.NaN)
}

function differenceOf(reasons: readonly Reason[]): AbTestDifference | null {
  const found = valuesOf(reasons, MEASURED)
  if (found === undefined) return null
  return {
    metric: String(found.metric),
    estimate: numberOf(found, 'estimate'),
    low: numberOf(found, 'low'),
    high: numberOf(found, 'high'),
    minEffect: numberOf(found, 'minEffect'),
    alpha: numberOf(found, 'alpha'),
    better: found.better === 'lower' ? 'lower' : 'higher',
  }
}

function moneyOf(reasons: readonly Reason[]): AbTestOutcome['money'] {
  const found = valuesOf(reasons, ['money-difference'])
  if (found === undefined) return null
  return {
    value: numberOf(found, 'value'),
    low: numberOf(found, 'low'),
    high: numberOf(found, 'high'),
  }
}

function armsOf(reasons: readonly Reason[]): AbTestOutcome['arms'] {
  const found = valuesOf(reasons, ['arms-observed'])
  if (found === undefined) return null
  const arm = (name: 'treatment' | 'control'): Arm => {
    const mean = found[`${name}Mean`]
    return {
      keys: numberOf(found, `${name}Keys`),
      labelled: numberOf(found, `${name}Labelled`),
      mean: typeof mean === 'number' ? mean : null,
    }
  }
  return { treatment: arm('treatment'), control: arm('control') }
}
