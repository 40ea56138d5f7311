import type { AbMetric, Problem } from '../../core/records/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'
import { type AnswerReading, answerNumber, labelNumber } from '../../stages/monitoring/index.ts'

/** What a decision is read by: its version's classes, and what the problem says it is worth. */
export interface DecisionReading {
  readonly reading: AnswerReading
  readonly value: Problem['value']
}

/** A decision and what came true: class places for classes, numbers for values. */
interface Settled {
  readonly truth: number
  readonly decided: number
}

const DEFAULT_THRESHOLD = 0.5

/**
 * An A/B metric of one labelled decision, in the metric's unit; undefined without a label that can
 * be read, and for a metric that the problem's type does not have.
 */
export function observeDecision(
  metric: AbMetric,
  prediction: LabelledPrediction,
  { reading, value }: DecisionReading,
): number | undefined {
  const settled = settle(prediction, reading)
  if (settled === undefined) return undefined
  const { truth, decided } = settled
  const isRegression = reading.type === 'regression'
  switch (metric) {
    case 'accuracy':
      return isRegression ? undefined : Number(truth === decided)
    case 'conversion':
      return reading.positive < 0 ? undefined : Number(truth === reading.positive)
    case 'label':
      return isRegression ? truth : undefined
    case 'absoluteError':
      return isRegression ? Math.abs(decided - truth) : undefined
    case 'valuePerDecision':
      return worthOf(settled, { reading, value })
  }
}

/** Metrics that are 0 or 1 for each decision. */
export function isShare(metric: AbMetric): boolean {
  return metric === 'accuracy' || metric === 'conversion'
}

function settle(prediction: LabelledPrediction, reading: AnswerReading): Settled | undefined {
  const { label, decision, output } = prediction
  if (label === null || reading.type === 'clustering') return undefined
  const truth = labelNumber(label, reading)
  const answer = answerNumber(output, reading)
  if (truth === undefined || !Number.isFinite(answer)) return undefined
  if (reading.type !== 'binary-classification') return { truth, decided: answer }
  const isYes = decision ?? answer >= DEFAULT_THRESHOLD
  return { truth, decided: isYes ? reading.positive : 1 - reading.positive }
}

function worthOf(
  { truth, decided }: Settled,
  { reading, value }: DecisionReading,
): number | undefined {
  if (value === undefined) return undefined
  if ('truePositive' in value) {
    if (truth === reading.positive) {
      return decided === truth ? value.truePositive : value.falseNegative
    }
    return decided === truth ? value.trueNegative : value.falsePositive
  }
  if ('matrix' in value) {
    const [actual = '', chosen = ''] = [reading.classes[truth], reading.classes[decided]]
    return value.matrix[actual]?.[chosen] ?? 0
  }
  return value.perDecision - value.perUnitOfError * Math.abs(decided - truth)
}
