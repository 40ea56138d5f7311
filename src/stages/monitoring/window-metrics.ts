import type { Metrics, Problem } from '../../core/records/index.ts'
import {
  moneyMatrix,
  scoreBinary,
  scoreMulticlass,
  scoreRegression,
} from '../../core/statistics/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'
import { type AnswerReading, answerNumber, type LabelledRows } from './answers.ts'

export interface ScoringContext {
  readonly reading: AnswerReading
  readonly value: Problem['value']
  /** The version's threshold; null when it is not known here, then the decisions taken tell. */
  readonly threshold: number | null
}

const DEFAULT_THRESHOLD = 0.5

/**
 * A threshold under which the scores give the decisions that were taken: the least score decided
 * "yes". Undefined when no decision was recorded, or when no single threshold explains them.
 */
export function thresholdOfDecisions(
  entries: readonly LabelledPrediction[],
  scores: readonly number[],
): number | undefined {
  let leastYes = Number.POSITIVE_INFINITY
  let mostNo = Number.NEGATIVE_INFINITY
  entries.forEach(({ decision }, row) => {
    const score = scores[row] ?? Number.NaN
    if (decision === true) leastYes = Math.min(leastYes, score)
    if (decision === false) mostNo = Math.max(mostNo, score)
  })
  if (mostNo === Number.NEGATIVE_INFINITY && leastYes === Number.POSITIVE_INFINITY) return undefined
  return mostNo < leastYes ? leastYes : undefined
}

function binaryMetrics({ entries, truths }: LabelledRows, context: ScoringContext): Metrics {
  const { reading, value } = context
  const scores = entries.map((entry) => answerNumber(entry.output, reading))
  return scoreBinary({
    labels: Uint8Array.from(truths, (place) => (place === reading.positive ? 1 : 0)),
    scores: Float64Array.from(scores),
    threshold: context.threshold ?? thresholdOfDecisions(entries, scores) ?? DEFAULT_THRESHOLD,
    ...(value !== undefined && 'truePositive' in value ? { money: value } : {}),
  })
}

function multiclassMetrics({ entries, truths }: LabelledRows, context: ScoringContext): Metrics {
  const { classes } = context.reading
  const { value } = context
  return scoreMulticlass({
    labels: Uint16Array.from(truths),
    probabilities: Float64Array.from(entries.flatMap((entry) => entry.output)),
    classes: classes.length,
    ...(value !== undefined && 'matrix' in value
      ? { money: moneyMatrix(value.matrix, classes) }
      : {}),
  })
}

/** Metrics of the labelled predictions; empty when there are none, or when nothing is ever labelled. */
export function windowMetrics(rows: LabelledRows, context: ScoringContext): Metrics {
  const { reading, value } = context
  if (rows.entries.length === 0) return {}
  switch (reading.type) {
    case 'binary-classification':
      return binaryMetrics(rows, context)
    case 'multiclass-classification':
      return multiclassMetrics(rows, context)
    case 'regression':
      return scoreRegression({
        truths: Float64Array.from(rows.truths),
        predictions: Float64Array.from(rows.entries, (e) => answerNumber(e.output, reading)),
        ...(value !== undefined && 'perUnitOfError' in value ? { money: value } : {}),
      })
    case 'clustering':
      return {}
  }
}

/** Mean predicted positive probability less the observed share; null unless binary and labelled. */
export function calibrationGap(rows: LabelledRows, reading: AnswerReading): number | null {
  if (reading.type !== 'binary-classification' || rows.entries.length === 0) return null
  let sum = 0
  rows.entries.forEach((entry, row) => {
    sum += answerNumber(entry.output, reading) - (rows.truths[row] === reading.positive ? 1 : 0)
  })
  return sum / rows.entries.length
}
