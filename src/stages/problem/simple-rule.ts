import type { BinaryValue } from '../../core/records/index.ts'

/*
 * Notation.  n: rows, k: cut points a column.
 * x : float64[n]  one input, NaN where missing (a missing value never fires the rule)
 * y : uint8[n]    1 for the positive class
 * The rule "x > c" (or "x ≤ c") says yes; its value is the mean money a decision over the rows.
 * Cut points are the 5 % … 95 % quantiles of x; exact search over every value would only fit noise.
 */

export interface RuleColumn {
  readonly name: string
  readonly values: Float64Array
}

export interface SimpleRule {
  readonly column: string
  readonly cut: number
  /** True when the rule fires above the cut, false when at or below it. */
  readonly above: boolean
  readonly valuePerDecision: number
}

const QUANTILES = Array.from({ length: 19 }, (_, i) => (i + 1) / 20)

function cutPoints(values: Float64Array): number[] {
  const present = values.filter((x) => !Number.isNaN(x)).sort()
  if (present.length === 0) return []
  const cuts = QUANTILES.map((q) => present[Math.floor(q * (present.length - 1))] ?? 0)
  return [...new Set(cuts)]
}

/** Rows and positives whose value is above each cut; the last element counts all present rows. */
function countAbove(values: Float64Array, labels: Uint8Array, cuts: readonly number[]) {
  const rows = new Float64Array(cuts.length + 1)
  const positives = new Float64Array(cuts.length + 1)
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? Number.NaN
    if (Number.isNaN(x)) continue
    let bin = 0
    while (bin < cuts.length && x > (cuts[bin] ?? 0)) bin++
    rows[bin] = (rows[bin] ?? 0) + 1
    positives[bin] = (positives[bin] ?? 0) + (labels[i] ?? 0)
  }
  return { rows, positives }
}

/** Mean money a decision when `fired` rows, `hits` of them positive, are answered yes. */
export function ruleValue(
  counts: {
    readonly rows: number
    readonly positives: number
    readonly fired: number
    readonly hits: number
  },
  value: BinaryValue,
): number {
  const { rows, positives, fired, hits } = counts
  const misses = positives - hits
  const falseAlarms = fired - hits
  const rest = rows - fired - misses
  const money =
    hits * value.truePositive +
    falseAlarms * value.falsePositive +
    misses * value.falseNegative +
    rest * value.trueNegative
  return rows === 0 ? 0 : money / rows
}

/** The best rule of one cut on one column, by value on these rows; undefined without columns. */
export function findSimpleRule(
  columns: readonly RuleColumn[],
  labels: Uint8Array,
  value: BinaryValue,
): SimpleRule | undefined {
  const rows = labels.length
  const positives = labels.reduce((sum, y) => sum + y, 0)
  let best: SimpleRule | undefined
  for (const column of columns) {
    const cuts = cutPoints(column.values)
    const bins = countAbove(column.values, labels, cuts)
    let below = 0
    let belowHits = 0
    const present = bins.rows.reduce((a, b) => a + b, 0)
    const presentHits = bins.positives.reduce((a, b) => a + b, 0)
    cuts.forEach((cut, i) => {
      below += bins.rows[i] ?? 0
      belowHits += bins.positives[i] ?? 0
      const above = { rows, positives, fired: present - below, hits: presentHits - belowHits }
      const under = { rows, positives, fired: below, hits: belowHits }
      for (const [counts, isAbove] of [
        [above, true],
        [under, false],
      ] as const) {
        const valuePerDecision = ruleValue(counts, value)
        if (best === undefined || valuePerDecision > best.valuePerDecision) {
          best = { column: column.name, cut, above: isAbove, valuePerDecision }
        }
      }
    })
  }
  return best
}

/** What a rule earns on other rows. */
export function scoreSimpleRule(
  rule: SimpleRule,
  { values, labels }: { readonly values: Float64Array; readonly labels: Uint8Array },
  value: BinaryValue,
): number {
  let fired = 0
  let hits = 0
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? Number.NaN
    if (rule.above ? x > rule.cut : x <= rule.cut) {
      fired++
      hits += labels[i] ?? 0
    }
  }
  const positives = labels.reduce((sum, y) => sum + y, 0)
  return ruleValue({ rows: labels.length, positives, fired, hits }, value)
}
