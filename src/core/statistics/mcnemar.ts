import { errors } from './errors.ts'

/**
 * Notation
 *   b, c     rows that only the first, only the second model decided rightly;  m = b + c
 *   p-value  = min(1, 2 · P(X ≤ min(b, c))),  X ~ Binomial(m, ½)
 * The exact conditional test of McNemar (1947), two-sided; p = 1 when the models never differ.
 * Terms are summed as logarithms from the largest one on, so a large m neither over- nor underflows.
 */

export interface McNemarResult {
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly pValue: number
}

/** ln of P(X ≤ k) for X ~ Binomial(m, ½). */
function logLowerTail(k: number, m: number): number {
  let logTerm = -m * Math.LN2
  const logTerms = [logTerm]
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log(m - i + 1) - Math.log(i)
    logTerms.push(logTerm)
  }
  const largest = logTerm
  return largest + Math.log(logTerms.reduce((sum, term) => sum + Math.exp(term - largest), 0))
}

/**
 * Do two classifiers differ in how often they are right on the same rows?
 * @param firstRight 1 where the first model was right, one a row; likewise the second.
 * @throws STATISTICS_INPUT_INVALID for unequal lengths.
 */
export function mcnemar(firstRight: Uint8Array, secondRight: Uint8Array): McNemarResult {
  if (firstRight.length !== secondRight.length) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: 'mcnemar',
      expected: `${firstRight.length} rows for both models`,
      got: `${secondRight.length}`,
    })
  }
  let onlyFirst = 0
  let onlySecond = 0
  firstRight.forEach((right, row) => {
    const other = secondRight[row] ?? 0
    if (right === 1 && other === 0) onlyFirst++
    if (right === 0 && other === 1) onlySecond++
  })
  const different = onlyFirst + onlySecond
  const tail = logLowerTail(Math.min(onlyFirst, onlySecond), different)
  return { onlyFirst, onlySecond, pValue: Math.min(1, 2 * Math.exp(tail)) }
}
