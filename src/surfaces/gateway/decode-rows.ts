import { type Cell, decodeColumn } from './decode-column.ts'
import { gatewayErrors } from './errors.ts'
import type { InferRequest, WireTensor } from './open-inference.ts'
import type { InputPlan, RequestColumn } from './request-columns.ts'
import { SentColumns } from './sent-columns.ts'
import { decodeMatrix, isMatrix, matrixColumns } from './tensors/decode-matrix.ts'

export interface DecodedRows {
  readonly rows: number
  /** What the caller sent, by column. */
  readonly columns: SentColumns
}

/** A plan's columns by name, made once a plan: requests come by the thousand. */
interface Wanted {
  readonly columns: ReadonlyMap<string, RequestColumn>
  readonly names: readonly string[]
  readonly places: ReadonlyMap<string, number>
}

const known = new WeakMap<InputPlan, Wanted>()

/**
 * Reads the columns of a request against what a version needs: each once, none missing, none
 * unknown, all of one length. A matrix stands for all columns of its kind.
 * @throws INPUT_* , BATCH_TOO_LARGE, BODY_INVALID
 */
export function decodeRows(
  request: InferRequest,
  plan: InputPlan,
  maxBatchRows: number,
): DecodedRows {
  const wanted = wantedOf(plan)
  const columns = new SentColumns(wanted.places)
  let rows: number | undefined
  for (const tensor of request.inputs) {
    const column = wanted.columns.get(tensor.name)
    const found =
      column === undefined
        ? addMatrix(columns, tensor, plan)
        : addColumn(columns, tensor.name, decodeColumn(tensor, column))
    rows ??= found
    if (found !== rows) {
      throw gatewayErrors.INPUT_SHAPE_WRONG({
        input: tensor.name,
        expected: `${rows} rows as in "${request.inputs[0]?.name}"`,
        got: `${found}`,
      })
    }
  }
  const { names } = wanted
  return checkRows({ request, rows: rows ?? 0, columns, wanted: names, maxBatchRows })
}

function wantedOf(plan: InputPlan): Wanted {
  let wanted = known.get(plan)
  if (wanted === undefined) {
    const columns = new Map(plan.columns.map((column) => [column.name, column]))
    const names = [...columns.keys()]
    wanted = { columns, names, places: new Map(names.map((name, at) => [name, at])) }
    known.set(plan, wanted)
  }
  return wanted
}

/** Rows of the matrix. @throws INPUT_COMPUTED; INPUT_UNKNOWN for a tensor that is no matrix */
function addMatrix(columns: SentColumns, tensor: WireTensor, plan: InputPlan): number {
  if (plan.computed.includes(tensor.name)) {
    throw gatewayErrors.INPUT_COMPUTED({ input: tensor.name, known: [...wantedOf(plan).names] })
  }
  if (!isMatrix(tensor)) {
    throw gatewayErrors.INPUT_UNKNOWN({ input: tensor.name, known: [...wantedOf(plan).names] })
  }
  const wanted = matrixColumns(tensor, plan)
  const decoded = decodeMatrix(tensor, wanted)
  wanted.forEach(({ name }, at) => {
    addColumn(columns, name, decoded[at] ?? [])
  })
  return tensor.shape[0] ?? 0
}

function addColumn(columns: SentColumns, name: string, cells: readonly Cell[]): number {
  if (!columns.add(name, cells)) throw gatewayErrors.REQUEST_INPUT_REPEATED({ input: name })
  return cells.length
}

function checkRows(options: {
  readonly request: InferRequest
  readonly rows: number
  readonly columns: SentColumns
  readonly wanted: readonly string[]
  readonly maxBatchRows: number
}): DecodedRows {
  const { request, rows, columns, wanted, maxBatchRows } = options
  // Only wanted columns are in there, each once.
  if (columns.size < wanted.length) {
    throw gatewayErrors.INPUT_MISSING({
      inputs: wanted.filter((name) => columns.get(name) === undefined),
    })
  }
  if (rows > maxBatchRows) throw gatewayErrors.BATCH_TOO_LARGE({ rows, limit: maxBatchRows })
  if (request.ids !== undefined && request.ids.length !== rows) {
    throw gatewayErrors.BODY_INVALID({
      where: 'parameters.ids',
      expected: `${rows} ids, one a row`,
      got: String(request.ids.length),
    })
  }
  return { rows, columns }
}
