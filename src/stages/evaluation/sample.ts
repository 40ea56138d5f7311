import { sampleRows } from '../../core/statistics/index.ts'
import type { ColumnBatch } from '../../platform/inference/index.ts'
import type { Truth } from './truth.ts'

export interface Sample {
  readonly batch: ColumnBatch
  readonly truth: Truth
}

/** A seeded sample of rows with what is true of them; all rows when there are no more. */
export function takeSample(
  batch: ColumnBatch,
  truth: Truth,
  options: { readonly size: number; readonly seed: number },
): Sample {
  const rows = sampleRows(batch.rows, options.size, options.seed)
  return { batch: takeRows(batch, rows), truth: takeTruth(truth, rows) }
}

/** The named rows, in the order of their numbers. */
export function takeRows(batch: ColumnBatch, rows: Uint32Array): ColumnBatch {
  const columns: Record<string, Float32Array | readonly string[]> = {}
  for (const [name, column] of Object.entries(batch.columns)) {
    columns[name] =
      column instanceof Float32Array
        ? Float32Array.from(rows, (row) => column[row] ?? Number.NaN)
        : Array.from(rows, (row) => column[row] ?? '')
  }
  return { rows: rows.length, columns }
}

function takeTruth(truth: Truth, rows: Uint32Array): Truth {
  switch (truth.kind) {
    case 'binary':
      return { ...truth, labels: Uint8Array.from(rows, (row) => truth.labels[row] ?? 0) }
    case 'multiclass':
      return { ...truth, labels: Uint16Array.from(rows, (row) => truth.labels[row] ?? 0) }
    case 'value':
      return { ...truth, values: Float64Array.from(rows, (row) => truth.values[row] ?? 0) }
    case 'points': {
      const { width } = truth
      const points = new Float64Array(rows.length * width)
      rows.forEach((row, i) => {
        points.set(truth.points.subarray(row * width, (row + 1) * width), i * width)
      })
      return { ...truth, points }
    }
  }
}
