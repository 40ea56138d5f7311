import { type Cell, decodeColumn } from './decode-column.ts'
import { gatewayErrors } from './errors.ts'
import type { InferRequest } from './open-inference.ts'
import type { InputPlan } from './request-columns.ts'
import { splitMatrices } from './tensors/split-matrix.ts'

export interface DecodedRows {
  readonly rows: number
  /** What the caller sent, by column. */
  readonly columns: ReadonlyMap<string, readonly Cell[]>
}

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
  const wanted = new Map(plan.columns.map((column) => [column.name, column]))
  const columns = new Map<string, readonly Cell[]>()
  let rows: number | undefined
  for (const tensor of splitMatrices(request.inputs, plan)) {
    const column = wanted.get(tensor.name)
    if (column === undefined) {
      throw gatewayErrors.INPUT_UNKNOWN({ input: tensor.name, known: [...wanted.keys()] })
    }
    if (columns.has(tensor.name)) throw gatewayErrors.REQUEST_INPUT_REPEATED({ input: tensor.name })
    const cells = decodeColumn(tensor, column)
    rows ??= cells.length
    if (cells.length !== rows) {
      throw gatewayErrors.INPUT_SHAPE_WRONG({
        input: tensor.name,
        expected: `${rows} rows as in "${request.inputs[0]?.name}"`,
        got: `${cells.length}`,
      })
    }
    columns.set(tensor.name, cells)
  }
  return checkRows({ request, rows: rows ?? 0, columns, wanted: [...wanted.keys()], maxBatchRows })
}

function checkRows(options: {
  readonly request: InferRequest
  readonly rows: number
  readonly columns: ReadonlyMap<string, readonly Cell[]>
  readonly wanted: readonly string[]
  readonly maxBatchRows: number
}): DecodedRows {
  const { request, rows, columns, wanted, maxBatchRows } = options
  const missing = wanted.filter((name) => !columns.has(name))
  if (missing.length > 0) throw gatewayErrors.INPUT_MISSING({ inputs: missing })
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
