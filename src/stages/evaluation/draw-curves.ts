import type { Curves, Problem } from '../../core/records/index.ts'
import {
  calibrationCurve,
  calibrationSums,
  countsByRank,
  precisionRecallCurve,
  rankScores,
  rocCurve,
  valueCurve,
} from '../../core/statistics/index.ts'

/** Labels and positive probabilities of the same rows. */
export interface BinaryScores {
  readonly labels: Uint8Array
  readonly scores: Float64Array
}

/** The curves of a binary model; money over threshold only where there is money, on validation rows. */
export function drawCurves(
  judged: BinaryScores,
  validation: BinaryScores | undefined,
  value: Problem['value'],
): Curves {
  const ranked = rankScores(judged.labels, judged.scores)
  const money =
    validation !== undefined && value !== undefined && 'truePositive' in value
      ? valueCurve(rankScores(validation.labels, validation.scores), value)
      : []
  return {
    roc: rocCurve(ranked),
    precisionRecall: precisionRecallCurve(ranked),
    calibration: calibrationCurve(calibrationSums(ranked, countsByRank(ranked))),
    value: money,
  }
}
