import type { ModelSignature } from '../../core/records/index.ts'
import { inferenceErrors } from './errors.ts'
import type { ColumnBatch, PackedRows } from './model-session.ts'

/** Names of a signature's inputs by the tensor that they go into, in the order of its columns. */
export interface InputLayout {
  readonly numbers: readonly string[]
  readonly texts: readonly string[]
}

export function layoutOf({ inputs }: ModelSignature): InputLayout {
  const namesOf = (kind: 'number' | 'text') =>
    inputs.filter((input) => input.kind === kind).map(({ name }) => name)
  return { numbers: namesOf('number'), texts: namesOf('text') }
}

/**
 * Lays named columns side by side.
 * @param model names it in errors
 * @throws PREDICTION_INPUT_MISSING; PREDICTION_FAILED for a column of another kind or length
 */
export function packColumns(batch: ColumnBatch, layout: InputLayout, model: string): PackedRows {
  const { rows } = batch
  const numbers = layout.numbers.map((name) => numberColumn(batch, name, model))
  const texts = layout.texts.map((name) => textColumn(batch, name, model))
  return { rows, numbers: packNumbers(numbers, rows), texts: packTexts(texts, rows) }
}

function packNumbers(columns: readonly Float32Array[], rows: number): Float32Array<ArrayBuffer> {
  const width = columns.length
  const packed = new Float32Array(rows * width)
  for (let j = 0; j < width; j++) {
    const column = columns[j]
    if (column === undefined) continue
    for (let i = 0, at = j; i < rows; i++, at += width) packed[at] = column[i] ?? Number.NaN
  }
  return packed
}

function packTexts(columns: readonly (readonly string[])[], rows: number): string[] {
  const packed: string[] = []
  for (let i = 0; i < rows; i++) {
    for (const column of columns) packed.push(column[i] ?? '')
  }
  return packed
}

function findColumn(batch: ColumnBatch, name: string): Float32Array | readonly string[] {
  const column = Object.hasOwn(batch.columns, name) ? batch.columns[name] : undefined
  if (column === undefined) {
    const given = Object.keys(batch.columns)
    throw inferenceErrors.PREDICTION_INPUT_MISSING({ input: name, given })
  }
  return column
}

function numberColumn(batch: ColumnBatch, name: string, model: string): Float32Array {
  const column = findColumn(batch, name)
  if (!(column instanceof Float32Array)) throw wrongKind(model, name, 'numbers', 'texts')
  checkLength(batch, name, { length: column.length, model })
  return column
}

function textColumn(batch: ColumnBatch, name: string, model: string): readonly string[] {
  const column = findColumn(batch, name)
  if (column instanceof Float32Array) throw wrongKind(model, name, 'texts', 'numbers')
  checkLength(batch, name, { length: column.length, model })
  return column
}

function wrongKind(model: string, name: string, expected: string, got: string): Error {
  const reason = `the input "${name}" expects ${expected}, got ${got}`
  return inferenceErrors.PREDICTION_FAILED({ model, reason })
}

function checkLength(
  batch: ColumnBatch,
  name: string,
  found: { readonly length: number; readonly model: string },
): void {
  if (found.length === batch.rows) return
  const reason = `the input "${name}" has ${found.length} values for ${batch.rows} rows`
  throw inferenceErrors.PREDICTION_FAILED({ model: found.model, reason })
}
