import {
  numberShares,
  psi,
  psiEpsilon,
  psiNoise,
  quantileEdges,
} from '../../core/statistics/index.ts'

/** How far two revisions' predictions in the same window lie apart. */
export interface PredictionDrift {
  /** Population stability index, the stable revision's predictions being the reference. */
  readonly psi: number
  /** What chance alone exceeds once in a hundred times with so few rows. */
  readonly noise: number
}

/**
 * Compares what two revisions answered in the same window, in ten bins of the stable revision's
 * answers. A prediction is one number: positive probability, value, or place of the class.
 * Null when either answered nothing.
 */
export function comparePredictions(
  stable: readonly number[],
  challenger: readonly number[],
): PredictionDrift | null {
  if (stable.length === 0 || challenger.length === 0) return null
  const edges = quantileEdges(stable)
  const rows = Math.min(stable.length, challenger.length)
  return {
    psi: psi(
      numberShares(stable, edges).shares,
      numberShares(challenger, edges).shares,
      psiEpsilon(rows),
    ),
    noise: psiNoise({
      bins: edges.length + 1,
      referenceRows: stable.length,
      currentRows: challenger.length,
    }),
  }
}
