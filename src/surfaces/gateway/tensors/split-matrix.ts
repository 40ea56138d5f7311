import { gatewayErrors } from '../errors.ts'
import { UNTYPED, type WireTensor } from '../open-inference.ts'
import { shown } from '../parse-request.ts'
import type { InputPlan, RequestColumn } from '../request-columns.ts'

/**
 * Takes matrices apart into named columns. A matrix is a tensor of shape [rows, width] under a name
 * that is no column's: numbers stand for all numeric columns, BYTES for all text columns, in the
 * order of the model's metadata.
 * @throws INPUT_SHAPE_WRONG, INPUT_UNKNOWN
 */
export function splitMatrices(
  tensors: readonly WireTensor[],
  plan: InputPlan,
): readonly WireTensor[] {
  if (!tensors.some((tensor) => isMatrix(tensor, plan))) return tensors
  return tensors.flatMap((tensor) => (isMatrix(tensor, plan) ? columnsOf(tensor, plan) : [tensor]))
}

function isMatrix({ name, datatype, shape }: WireTensor, { columns }: InputPlan): boolean {
  if (shape.length !== 2 || columns.some((column) => column.name === name)) return false
  // One column under an unknown name is rather a slip than a matrix of one column.
  return shape[1] !== 1 || UNTYPED.includes(datatype)
}

function columnsOf(tensor: WireTensor, plan: InputPlan): WireTensor[] {
  const { name, datatype, shape } = tensor
  const [rows = 0, width = 0] = shape
  const wanted = plan.columns.filter((column) => isOfKind(column, datatype))
  const known = plan.columns.map((column) => column.name)
  if (wanted.length === 0) throw gatewayErrors.INPUT_UNKNOWN({ input: name, known })
  if (wanted.length !== width || rows === 0) {
    throw gatewayErrors.INPUT_SHAPE_WRONG({
      input: name,
      expected: `[rows, ${wanted.length}] for ${wanted.map((column) => column.name).join(', ')}`,
      got: `[${rows}, ${width}]`,
    })
  }
  const cells = flatCells(tensor, { rows, width })
  return wanted.map((column, at) => ({
    name: column.name,
    datatype,
    shape: [rows],
    data: Array.from({ length: rows }, (_, row) => cells[row * width + at]),
  }))
}

function isOfKind({ kind }: RequestColumn, datatype: string): boolean {
  if (UNTYPED.includes(datatype)) return true
  return kind === (datatype === 'BYTES' ? 'text' : 'number')
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
