import type { Drift, MonitoringPolicy, Reference } from '../../core/records/index.ts'
import { numberShares, psi, psiEpsilon, psiNoise, textShares } from '../../core/statistics/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'

/**
 * Notation
 *   p, q    shares of the training rows and of the window's rows in the same bins; the missing are a
 *           bin of their own, and so are texts outside the listed categories
 *   noise   PSI that two samples of one population exceed once in a hundred times (`psiNoise`)
 *   ε       half a row of the smaller sample (`psiEpsilon`), so that empty bins of a small window tell
 *           no more than they know
 *   level   `alert` or `warn` when the PSI reaches the policy's bound and exceeds the noise
 * Small windows and inputs of many categories have a large PSI by chance alone; the noise keeps them
 * from crying wolf. A window that is not judged has the level `none` throughout.
 */

type InputReference = Reference['inputs'][number]
type InputValue = LabelledPrediction['inputs'][string] | undefined

interface Shares {
  readonly reference: readonly number[]
  readonly current: readonly number[]
  readonly missingShare: number
  readonly referenceMissingShare: number
}

export interface DriftContext {
  readonly referenceRows: number
  readonly policy: MonitoringPolicy
  readonly judged: boolean
}

function asNumber(value: InputValue): number | null {
  return typeof value === 'number' ? value : null
}

function asText(value: InputValue): string | null {
  return value === undefined || value === null ? null : String(value)
}

function sharesOf(reference: InputReference, values: readonly InputValue[]): Shares {
  if (reference.kind === 'number') {
    const { shares, missingShare } = numberShares(values.map(asNumber), reference.edges)
    return {
      reference: [...reference.shares, reference.missingShare],
      current: [...shares, missingShare],
      missingShare,
      referenceMissingShare: reference.missingShare,
    }
  }
  const { categories, shares, otherShare, missingShare } = reference
  const now = textShares(values.map(asText), categories)
  return {
    reference: [...shares, otherShare, missingShare],
    current: [...now.shares, now.otherShare, now.missingShare],
    missingShare: now.missingShare,
    referenceMissingShare: missingShare,
  }
}

function levelOf(value: number, noise: number, context: DriftContext): Drift['level'] {
  const { warn, alert } = context.policy.drift
  if (!context.judged || value <= noise) return 'none'
  if (value >= alert) return 'alert'
  return value >= warn ? 'warn' : 'none'
}

function driftOf(
  input: string,
  shares: Shares,
  context: DriftContext & { readonly rows: number },
): Drift {
  const { reference, current, missingShare, referenceMissingShare } = shares
  const smaller = Math.min(context.rows, context.referenceRows)
  const value = psi(reference, current, psiEpsilon(smaller))
  const occupied = reference.filter((share, bin) => share + (current[bin] ?? 0) > 0).length
  const noise = psiNoise({
    bins: occupied,
    referenceRows: context.referenceRows,
    currentRows: context.rows,
  })
  return {
    input,
    psi: value,
    missingShare,
    referenceMissingShare,
    level: levelOf(value, noise, context),
  }
}

/** Drift of every input of the reference; none when the window is empty. */
export function inputDrift(
  reference: Reference,
  entries: readonly LabelledPrediction[],
  context: Omit<DriftContext, 'referenceRows'>,
): Drift[] {
  if (entries.length === 0) return []
  return reference.inputs.map((input) => {
    const values = entries.map((entry) => entry.inputs[input.name])
    return driftOf(input.name, sharesOf(input, values), {
      ...context,
      referenceRows: reference.rows,
      rows: entries.length,
    })
  })
}

/** Drift of what the model answers; null without a reference or without answers. */
export function predictionDrift(
  reference: Reference,
  answers: readonly number[],
  context: Omit<DriftContext, 'referenceRows'>,
): Drift | null {
  if (reference.prediction === null || answers.length === 0) return null
  const { shares, missingShare } = numberShares(answers, reference.prediction.edges)
  const sharesOfAnswers = {
    reference: [...reference.prediction.shares, 0],
    current: [...shares, missingShare],
    missingShare,
    referenceMissingShare: 0,
  }
  return driftOf('prediction', sharesOfAnswers, {
    ...context,
    referenceRows: reference.rows,
    rows: answers.length,
  })
}
