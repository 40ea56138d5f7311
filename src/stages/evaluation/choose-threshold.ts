import type { EvaluationPolicy, Problem } from '../../core/records/index.ts'
import { bestThreshold, type Numbers, rankScores } from '../../core/statistics/index.ts'

export interface ThresholdRequest {
  readonly policy: EvaluationPolicy['threshold']
  readonly value: Problem['value']
  /** 1 for the positive class; validation rows, never test rows. */
  readonly labels: Uint8Array
  /** Probability of the positive class. */
  readonly scores: Numbers
}

export interface ChosenThreshold {
  readonly threshold: number
  readonly by: 'fixed' | 'max-value' | 'max-f1'
  /** Money per decision, or F1, on the given rows; null when fixed. */
  readonly objective: number | null
}

/**
 * The probability from which a binary model says "yes": fixed by the policy, or the one that earns
 * most on the validation rows, or (without a money matrix) the one of the largest F1.
 */
export function chooseThreshold(request: ThresholdRequest): ChosenThreshold {
  const { policy, value, labels, scores } = request
  if (typeof policy === 'number') return { threshold: policy, by: 'fixed', objective: null }
  const ranked = rankScores(labels, scores)
  const byMoney = policy === 'max-value' && value !== undefined && 'truePositive' in value
  const best = bestThreshold(ranked, byMoney ? { by: 'max-value', money: value } : { by: 'max-f1' })
  if (best === undefined) return { threshold: 0.5, by: 'fixed', objective: null }
  return {
    threshold: best.threshold,
    by: byMoney ? 'max-value' : 'max-f1',
    objective: best.objective,
  }
}
