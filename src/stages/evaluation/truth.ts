import type { ModelSignature } from '../../core/records/index.ts'
import { frequentCategories, moments, quantiles } from '../../core/statistics/index.ts'
import type { ColumnBatch, FramePartRows } from '../../platform/inference/index.ts'
import { evaluationErrors } from './errors.ts'

/** What is true of each row, in the shape its problem needs. */
export type Truth =
  | {
      readonly kind: 'binary'
      /** 1 for the positive class. */
      readonly labels: Uint8Array
      /** Column of the positive class in the model's output. */
      readonly positive: number
    }
  | { readonly kind: 'multiclass'; readonly labels: Uint16Array }
  | { readonly kind: 'value'; readonly values: Float64Array }
  /** Clustering has no target: rows are judged by where they lie. */
  | { readonly kind: 'points'; readonly points: Float64Array; readonly width: number }

/** Categories of a text that get a coordinate of their own. */
const POINT_CATEGORIES = 20

/**
 * Reads what is true of the rows, by the classes of the model that is judged.
 * @throws EVALUATION_TARGET_UNKNOWN, EVALUATION_POSITIVE_CLASS_UNKNOWN
 */
export function readTruth(signature: ModelSignature, part: FramePartRows): Truth {
  switch (signature.problemType) {
    case 'binary-classification':
      return binaryTruth(signature, part)
    case 'multiclass-classification':
      return { kind: 'multiclass', labels: classNumbers(signature, part) }
    case 'regression':
      return { kind: 'value', values: targetValues(part) }
    case 'clustering':
      return { kind: 'points', ...pointsOf(part.batch) }
  }
}

/** Column of the positive class in the output of a binary model. */
export function positiveColumn(signature: ModelSignature): number {
  const { classes, positiveClass } = signature
  const place = positiveClass === null ? -1 : classes.indexOf(positiveClass)
  if (place < 0 || classes.length !== 2) {
    throw evaluationErrors.EVALUATION_POSITIVE_CLASS_UNKNOWN({ positiveClass, classes })
  }
  return place
}

function binaryTruth(signature: ModelSignature, part: FramePartRows): Truth {
  const positive = positiveColumn(signature)
  const numbers = classNumbers(signature, part)
  const labels = Uint8Array.from(numbers, (place) => (place === positive ? 1 : 0))
  return { kind: 'binary', labels, positive }
}

function classNumbers(signature: ModelSignature, part: FramePartRows): Uint16Array {
  const places = new Map(signature.classes.map((label, place) => [label, place]))
  const labels = new Uint16Array(part.rows)
  for (let row = 0; row < part.rows; row++) {
    const label = part.target?.[row]
    const place = label === null || label === undefined ? undefined : places.get(String(label))
    if (place === undefined) {
      const expected = `one of the classes ${signature.classes.join(', ')}`
      const got = label === null || label === undefined ? 'no target' : `"${label}"`
      throw evaluationErrors.EVALUATION_TARGET_UNKNOWN({ row, expected, got })
    }
    labels[row] = place
  }
  return labels
}

function targetValues(part: FramePartRows): Float64Array {
  const { target } = part
  const values =
    target instanceof Float64Array ? target : new Float64Array(part.rows).fill(Number.NaN)
  const row = values.findIndex((value) => !Number.isFinite(value))
  if (row >= 0) {
    const got = target === null ? 'no target' : String(target[row])
    throw evaluationErrors.EVALUATION_TARGET_UNKNOWN({ row, expected: 'a finite number', got })
  }
  return values
}

/**
 * Where rows lie, for judging clusters: each number less its mean over its standard deviation
 * (missing lies at the mean, the far tails are pulled in), each frequent category 0 or 1.
 */
function pointsOf(batch: ColumnBatch): {
  readonly points: Float64Array
  readonly width: number
} {
  const coordinates: Float64Array[] = []
  for (const column of Object.values(batch.columns)) {
    if (column instanceof Float32Array) coordinates.push(standardized(column))
    else {
      for (const category of frequentCategories(column, POINT_CATEGORIES)) {
        coordinates.push(Float64Array.from(column, (text) => (text === category ? 1 : 0)))
      }
    }
  }
  const width = coordinates.length
  const points = new Float64Array(batch.rows * width)
  coordinates.forEach((coordinate, k) => {
    for (let row = 0; row < batch.rows; row++) points[row * width + k] = coordinate[row] ?? 0
  })
  return { points, width }
}

function standardized(column: Float32Array): Float64Array {
  const finite = column.filter((value) => Number.isFinite(value))
  const known = moments(finite)
  const [low = 0, high = 0] = quantiles(finite, [0.001, 0.999]) ?? []
  const deviation = Math.sqrt(known?.variance ?? 0)
  if (known === undefined || deviation === 0) return new Float64Array(column.length)
  return Float64Array.from(column, (value) =>
    Number.isNaN(value) ? 0 : (Math.min(high, Math.max(low, value)) - known.mean) / deviation,
  )
}
