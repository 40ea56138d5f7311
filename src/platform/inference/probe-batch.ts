import type { ModelSignature } from '../../core/records/index.ts'
import type { ColumnBatch } from './model-session.ts'

/** Rows in the middle of the training ranges, with the first of the known categories. */
export function probeBatch(signature: ModelSignature, rows: number): ColumnBatch {
  const columns: Record<string, Float32Array | readonly string[]> = {}
  for (const { name, kind, range, categories } of signature.inputs) {
    const middle = range === null ? Number.NaN : (range[0] + range[1]) / 2
    columns[name] =
      kind === 'number'
        ? new Float32Array(rows).fill(middle)
        : new Array<string>(rows).fill(categories?.[0] ?? '')
  }
  return { rows, columns }
}
