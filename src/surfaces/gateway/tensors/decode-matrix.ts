import { type Cell, checkDatatype, readerOf, valueError } from '../decode-column.ts'
import { gatewayErrors } from '../errors.ts'
import { UNTYPED, type WireTensor } from '../open-inference.ts'
import { shown } from '../parse-request.ts'
import type { InputPlan, RequestColumn } from '../request-columns.ts'

/**
 * Whether a tensor under a name that is no column's is a matrix: numbers for all numeric columns,
 * BYTES for all text columns, in the order of the model's metadata.
 */
export function isMatrix({ datatype, shape }: WireTensor): boolean {
  // One column under an unknown name is rather a slip than a matrix of one column.
  return shape.length === 2 && (shape[1] !== 1 || UNTYPED.includes(datatype))
}

/** Columns by kind, made once a plan. */
const known = new WeakMap<
  InputPlan,
  Readonly<Record<'number' | 'text', readonly RequestColumn[]>>
>()

/**
 * The columns that a matrix stands for.
 * @throws INPUT_SHAPE_WRONG, INPUT_UNKNOWN
 */
export function matrixColumns(tensor: WireTensor, plan: InputPlan): readonly RequestColumn[] {
  const { name, shape } = tensor
  const [rows = 0, width = 0] = shape
  const wanted = columnsOfKind(tensor.datatype, plan)
  if (wanted.length === 0) {
    throw gatewayErrors.INPUT_UNKNOWN({ input: name, known: plan.columns.map((c) => c.name) })
  }
  if (wanted.length !== width || rows === 0) {
    throw gatewayErrors.INPUT_SHAPE_WRONG({
      input: name,
      expected: `[rows, ${wanted.length}] for ${wanted.map((column) => column.name).join(', ')}`,
      got: `[${rows}, ${width}]`,
    })
  }
  return wanted
}

function columnsOfKind(datatype: string, plan: InputPlan): readonly RequestColumn[] {
  if (UNTYPED.includes(datatype)) return plan.columns
  let byKind = known.get(plan)
  if (byKind === undefined) {
    byKind = {
      number: plan.columns.filter(({ kind }) => kind === 'number'),
      text: plan.columns.filter(({ kind }) => kind === 'text'),
    }
    known.set(plan, byKind)
  }
  return datatype === 'BYTES' ? byKind.text : byKind.number
}

/**
 * The cells of a matrix by column.
 * @throws INPUT_DATATYPE_WRONG, INPUT_SHAPE_WRONG, INPUT_VALUE_WRONG
 */
export function decodeMatrix(tensor: WireTensor, columns: readonly RequestColumn[]): Cell[][] {
  const rows = tensor.shape[0] ?? 0
  const width = columns.length
  const cells = flatCells(tensor, { rows, width })
  return columns.map((column, at) => {
    if (at === 0) checkDatatype({ ...tensor, name: column.name }, column)
    const reader = readerOf(tensor.datatype, column.kind)
    // An array that grows by itself takes room for more than one cell, twenty times a row.
    const decoded = new Array<Cell>(rows)
    for (let row = 0, from = at; row < rows; row++, from += width) {
      const value = cells[from]
      const cell = value === null ? null : reader.accept(value)
      if (cell === undefined) throw valueError(reader, value, { input: column.name, row })
      decoded[row] = cell
    }
    return decoded
  })
}

/** Row-major cells, from flat data or from an array a row. */
function flatCells(
  { name, data }: WireTensor,
  { rows, width }: { readonly rows: number; readonly width: number },
): readonly unknown[] {
  const flat = Array.isArray(data[0]) ? data.flatMap((row) => cellsOf(name, row, width)) : data
  if (flat.length === rows * width) return flat
  throw gatewayErrors.INPUT_SHAPE_WRONG({
    input: name,
    expected: `${rows * width} values`,
    got: String(flat.length),
  })
}

function cellsOf(input: string, row: unknown, width: number): readonly unknown[] {
  if (Array.isArray(row) && row.length === width) return row
  throw gatewayErrors.INPUT_SHAPE_WRONG({
    input,
    expected: `rows of ${width} values each`,
    got: Array.isArray(row) ? `a row of ${row.length}` : shown(row),
  })
}
