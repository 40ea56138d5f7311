import type { ModelVersion } from '../../core/records/index.ts'

/** What decides between classes. */
export type AnsweringVersion = Pick<ModelVersion, 'signature' | 'threshold'>

/** Place of the positive class's probability; undefined when the model gives no yes or no. */
export function positiveIndex({ signature, threshold }: AnsweringVersion): number | undefined {
  if (signature.positiveClass === null || threshold === null) return undefined
  const index = signature.classes.indexOf(signature.positiveClass)
  return index < 0 ? undefined : index
}

/** Yes or no of one row's numbers by the threshold; null for a model that has none. */
export function decisionOf(output: ArrayLike<number>, version: AnsweringVersion): boolean | null {
  const positive = positiveIndex(version)
  if (positive === undefined || version.threshold === null) return null
  return (output[positive] ?? Number.NaN) >= version.threshold
}

/** The decided class: by the decision where there is one, else the most probable. */
export function labelOf(
  output: ArrayLike<number>,
  decision: boolean | null,
  { signature }: AnsweringVersion,
): string {
  const { classes, positiveClass } = signature
  if (decision !== null && positiveClass !== null) {
    return decision ? positiveClass : (classes.find((label) => label !== positiveClass) ?? '')
  }
  let best = 0
  for (let i = 1; i < output.length; i++) {
    if ((output[i] ?? 0) > (output[best] ?? 0)) best = i
  }
  return classes[best] ?? ''
}
