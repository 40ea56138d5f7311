import type { Problem } from '../../core/records/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'
import { monitoringErrors } from './errors.ts'

/** How the numbers of a prediction and the text of a label are read. */
export interface AnswerReading {
  readonly type: Problem['type']
  readonly classes: readonly string[]
  /** Place of the positive class among the classes; -1 when the problem is not binary. */
  readonly positive: number
}

interface ReadingOptions {
  readonly endpoint: string
  readonly problem: Pick<Problem, 'type' | 'positiveClass'>
  readonly classes: readonly string[]
  /** As the model's signature names it; resolved from the problem when left out. */
  readonly positiveClass?: string | null | undefined
}

const TWINS: Readonly<Record<string, string>> = { 1: 'true', 0: 'false', true: '1', false: '0' }

/**
 * Place of a class by its text. A number may be written in another way (`1`, `1.0`), and 1 and 0
 * stand for true and false; -1 when it is none of the classes.
 */
export function placeOfClass(label: string, classes: readonly string[]): number {
  const exact = classes.indexOf(label)
  if (exact >= 0) return exact
  const twin = TWINS[label]
  if (twin !== undefined && classes.includes(twin)) return classes.indexOf(twin)
  const value = label.trim() === '' ? Number.NaN : Number(label)
  return classes.findIndex((name) => name.trim() !== '' && Number(name) === value)
}

/**
 * Makes out how answers and labels are to be read.
 * @throws MONITORING_POSITIVE_CLASS_UNKNOWN
 */
export function answerReading(options: ReadingOptions): AnswerReading {
  const { endpoint, problem, classes } = options
  const { type } = problem
  if (type !== 'binary-classification') return { type, classes, positive: -1 }
  const positiveClass = options.positiveClass ?? String(problem.positiveClass)
  const positive = placeOfClass(positiveClass, classes)
  if (positive < 0) {
    throw monitoringErrors.MONITORING_POSITIVE_CLASS_UNKNOWN({ endpoint, positiveClass, classes })
  }
  return { type, classes, positive }
}

/** One number that stands for an answer: positive probability, value, decided class, or cluster. */
export function answerNumber(output: readonly number[], reading: AnswerReading): number {
  if (reading.type === 'binary-classification') return output[reading.positive] ?? Number.NaN
  if (reading.type === 'multiclass-classification') {
    return output.length === 0 ? Number.NaN : output.indexOf(Math.max(...output))
  }
  return output[0] ?? Number.NaN
}

/** A label as a number: place of its class, or the value; undefined when it cannot be read. */
export function labelNumber(label: string, reading: AnswerReading): number | undefined {
  if (reading.type === 'regression') {
    const value = label.trim() === '' ? Number.NaN : Number(label)
    return Number.isFinite(value) ? value : undefined
  }
  const place = placeOfClass(label, reading.classes)
  return place < 0 ? undefined : place
}

export interface LabelledRows {
  /** Predictions with a label that can be read, and an answer made of finite numbers. */
  readonly entries: readonly LabelledPrediction[]
  /** The label of each, as `labelNumber`. */
  readonly truths: readonly number[]
  /** Labels that are no class of the model, or no number. */
  readonly unusable: number
}

/** True for an answer of finite numbers, one for each class where there are classes. */
function isWhole(output: readonly number[], reading: AnswerReading): boolean {
  const width = reading.type === 'regression' ? 1 : reading.classes.length
  return output.length === width && output.every(Number.isFinite)
}

/** The predictions whose truth is known. Clustering knows none. */
export function labelledRows(
  entries: readonly LabelledPrediction[],
  reading: AnswerReading,
): LabelledRows {
  const usable: LabelledPrediction[] = []
  const truths: number[] = []
  let unusable = 0
  if (reading.type === 'clustering') return { entries: usable, truths, unusable }
  for (const entry of entries) {
    if (entry.label === null) continue
    const truth = labelNumber(entry.label, reading)
    if (truth === undefined || !isWhole(entry.output, reading)) unusable++
    else {
      usable.push(entry)
      truths.push(truth)
    }
  }
  return { entries: usable, truths, unusable }
}
