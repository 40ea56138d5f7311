import { contentId } from '../../core/identity/index.ts'
import type { Feasibility, PolicyValue, Problem, Reason } from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'

/**
 * Share of the perfect gain a first model is assumed to reach. No law: a cautious guess, shown as
 * an assumption beside the estimate and replaced by the measured gain once a model is evaluated.
 */
const ASSUMED_SHARE = 0.25

export const FEASIBILITY_REASONS = [
  'rows-enough',
  'rows-too-few',
  'minority-enough',
  'minority-too-rare',
  'data-fresh',
  'data-too-old',
  'perfect-model-pays',
  'perfect-model-does-not-pay',
  'value-not-declared',
] as const
type FeasibilityReason = (typeof FEASIBILITY_REASONS)[number]

export interface FeasibilityFacts {
  readonly frame: string
  readonly rows: number
  readonly classes: Readonly<Record<string, number>>
  /** Prediction time of the newest row in milliseconds; null without times. */
  readonly newestRowMs: number | null
}

interface Finding {
  readonly passed: boolean
  readonly reason: Reason
}

function finding(
  passed: boolean,
  code: FeasibilityReason,
  message: string,
  values: Reason['values'],
): Finding {
  return { passed, reason: { code, message, values } }
}

function countText(count: number): string {
  return count.toLocaleString('en')
}

function judgeRows(problem: Problem, rows: number): Finding {
  const needed = problem.feasibility.minRows
  return rows >= needed
    ? finding(true, 'rows-enough', `${countText(rows)} rows, ${countText(needed)} needed`, {
        rows,
        needed,
      })
    : finding(false, 'rows-too-few', `only ${countText(rows)} rows, ${countText(needed)} needed`, {
        rows,
        needed,
      })
}

function judgeMinority(problem: Problem, facts: FeasibilityFacts): Finding[] {
  const counts = Object.entries(facts.classes)
  if (counts.length === 0) return []
  const [label, count] = counts.reduce((a, b) => (b[1] < a[1] ? b : a))
  const share = facts.rows === 0 ? 0 : count / facts.rows
  const { minMinorityRows, minMinorityShare } = problem.feasibility
  const values = { label, count, share, minMinorityRows, minMinorityShare }
  const passed = count >= minMinorityRows && share >= minMinorityShare
  const text = `the rarest class "${label}" has ${countText(count)} rows (${(share * 100).toFixed(1)} %)`
  return [
    passed
      ? finding(true, 'minority-enough', text, values)
      : finding(
          false,
          'minority-too-rare',
          `${text}; needed are ${minMinorityRows} rows and ${(minMinorityShare * 100).toFixed(1)} %`,
          values,
        ),
  ]
}

function judgeAge(problem: Problem, facts: FeasibilityFacts, asOfMs: number): Finding[] {
  if (facts.newestRowMs === null) return []
  const ageDays = (asOfMs - facts.newestRowMs) / 86_400_000
  const bound = problem.feasibility.maxDataAge
  const boundDays = bound === undefined ? null : durationMs(bound) / 86_400_000
  const values = { ageDays, boundDays }
  const text = `the newest row is ${ageDays.toFixed(1)} days old`
  return [
    boundDays === null || ageDays <= boundDays
      ? finding(true, 'data-fresh', text, values)
      : finding(false, 'data-too-old', `${text}, at most ${boundDays} are allowed`, values),
  ]
}

function estimateRoi(problem: Problem, policies: readonly PolicyValue[]): Feasibility['roi'] {
  const { value } = problem
  const perfect = policies.find((p) => p.policy === 'perfect')
  const others = policies.filter((p) => p.policy !== 'perfect')
  if (value === undefined || perfect === undefined || others.length === 0) return null
  const best = others.reduce((a, b) => (b.valuePerMonth > a.valuePerMonth ? b : a))
  const perfectGainPerMonth = perfect.valuePerMonth - best.valuePerMonth
  const expectedGainPerMonth = perfectGainPerMonth * ASSUMED_SHARE
  const net = expectedGainPerMonth - value.costs.runPerMonth
  return {
    currency: value.currency,
    perfectGainPerMonth,
    assumedShare: ASSUMED_SHARE,
    expectedGainPerMonth,
    costs: value.costs,
    horizonMonths: value.horizonMonths,
    expectedReturn: net * value.horizonMonths - value.costs.build,
    paybackMonths: net > 0 ? value.costs.build / net : null,
    assumptions: [
      `${countText(value.decisionsPerMonth)} decisions a month, worth what problem.value says`,
      `the best policy without a model is "${best.policy}" (${best.description})`,
      `a first model reaches ${ASSUMED_SHARE * 100} % of what a perfect one would gain over it`,
      'class shares stay as on the validation rows',
    ],
  }
}

function judgeRoi(problem: Problem, roi: Feasibility['roi']): Finding {
  if (roi === null) {
    return finding(
      true,
      'value-not-declared',
      'no value is declared, so no return is estimated',
      {},
    )
  }
  const bestReturn =
    (roi.perfectGainPerMonth - roi.costs.runPerMonth) * roi.horizonMonths - roi.costs.build
  const values = { bestReturn, currency: roi.currency, horizonMonths: roi.horizonMonths }
  const text = `over ${roi.horizonMonths} months a perfect model would return ${countText(Math.round(bestReturn))} ${roi.currency} after costs`
  return bestReturn > 0 || !problem.feasibility.requirePositiveRoi
    ? finding(true, 'perfect-model-pays', text, values)
    : finding(false, 'perfect-model-does-not-pay', text, values)
}

/**
 * Stage 1's decision: is it worth training at all? Every bound of `problem.feasibility` is judged
 * and named; one failure makes the outcome `no-go`.
 */
export function judgeFeasibility(options: {
  readonly problem: Problem
  readonly facts: FeasibilityFacts
  readonly policies: readonly PolicyValue[]
  readonly asOfMs: number
}): Feasibility {
  const { problem, facts, policies, asOfMs } = options
  const roi = estimateRoi(problem, policies)
  const findings = [
    judgeRows(problem, facts.rows),
    ...judgeMinority(problem, facts),
    ...judgeAge(problem, facts, asOfMs),
    judgeRoi(problem, roi),
  ]
  const failed = findings.filter((f) => !f.passed)
  const shares = Object.entries(facts.classes).map(
    ([label, count]) => [label, facts.rows === 0 ? 0 : count / facts.rows] as const,
  )
  return {
    id: contentId('feasibility', { problem, facts, policies }),
    outcome: failed.length === 0 ? 'go' : 'no-go',
    reasons: (failed.length === 0 ? findings : failed).map((f) => f.reason),
    rows: facts.rows,
    classShares: Object.fromEntries(shares),
    newestRow: facts.newestRowMs === null ? null : isoTime(facts.newestRowMs),
    policies: [...policies],
    roi,
  }
}
