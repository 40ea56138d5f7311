import { z } from 'zod'
import type { ClientModelColumn } from '../../platform/workers/index.ts'
import { refusalError, type VersionName } from './errors.ts'

const NUMBERS = ['double', 'float', 'integer', 'long', 'boolean']
const WHOLE = ['integer', 'long', 'boolean']

const columnSchema = z.object({ type: z.string(), name: z.string().optional() })
const tensorSchema = z.object({
  type: z.literal('tensor'),
  name: z.string().optional(),
  'tensor-spec': z.object({ dtype: z.string(), shape: z.array(z.number()) }),
})
const inputsSchema = z
  .array(z.union([tensorSchema, columnSchema]))
  .min(1)
  .max(100_000)

type Tensor = z.output<typeof tensorSchema>

export interface SignatureColumns {
  readonly columns: readonly ClientModelColumn[]
  /** Whether the names are the client's, not made up for a matrix. */
  readonly named: boolean
}

/**
 * The columns that an MLflow signature tells; undefined when it tells none. A tensor [-1, k] has k
 * columns `x0 …`; a tensor [-1] or [-1, 1] with a name is one column of that name.
 * @throws MODEL_SIGNATURE_UNFIT for what no table of numbers and texts is
 */
export function readSignature(
  inputs: string | null | undefined,
  name: VersionName,
): SignatureColumns | undefined {
  if (inputs === null || inputs === undefined) return undefined
  const unfit = (reason: string) =>
    refusalError(name, {
      code: 'MODEL_SIGNATURE_UNFIT',
      message: `its signature ${reason}`,
      hint: 'Only tables of numbers, booleans and texts are served. Log the model with mlflow.models.infer_signature on such a table.',
    })
  let given: z.output<typeof inputsSchema>
  try {
    given = inputsSchema.parse(JSON.parse(inputs))
  } catch {
    throw unfit('cannot be read')
  }
  const only = given[0]
  if (given.length === 1 && only !== undefined && 'tensor-spec' in only) {
    return matrixColumns(only, unfit)
  }
  const columns = given.map((item, place) => {
    const column = 'tensor-spec' in item ? tensorColumn(item) : plainColumn(item)
    if (column === undefined) throw unfit(`has a ${describe(item)}, which is no number or text`)
    return { ...column, name: item.name ?? `x${place}` }
  })
  const names = new Set(columns.map((column) => column.name))
  if (names.size !== columns.length) throw unfit('has two columns of one name')
  return { columns, named: given.every((item) => item.name !== undefined) }
}

function describe(item: z.output<typeof inputsSchema>[number]): string {
  return 'tensor-spec' in item
    ? `tensor of ${item['tensor-spec'].dtype} [${item['tensor-spec'].shape.join(', ')}]`
    : `column of the type "${item.type}"`
}

function kindOfType(type: string): Omit<ClientModelColumn, 'name'> | undefined {
  if (type === 'string') return { kind: 'text' }
  return NUMBERS.includes(type) ? { kind: 'number', whole: WHOLE.includes(type) } : undefined
}

function plainColumn(item: { readonly type: string }) {
  return kindOfType(item.type)
}

function kindOfDtype(dtype: string): Omit<ClientModelColumn, 'name'> | undefined {
  if (/^(str|object|unicode|<U|bytes)/.test(dtype)) return { kind: 'text' }
  if (/^(u?int\d+|bool)$/.test(dtype)) return { kind: 'number', whole: true }
  return /^float(16|32|64)$/.test(dtype) ? { kind: 'number', whole: false } : undefined
}

function tensorColumn({ 'tensor-spec': { dtype, shape } }: Tensor) {
  const isColumn = shape.length === 1 || (shape.length === 2 && shape[1] === 1)
  return isColumn ? kindOfDtype(dtype) : undefined
}

const MAX_WIDTH = 100_000

function matrixColumns(tensor: Tensor, unfit: (reason: string) => Error): SignatureColumns {
  const { dtype, shape } = tensor['tensor-spec']
  const kind = kindOfDtype(dtype)
  const width = shape.length === 1 ? 1 : shape[1]
  if (kind === undefined || shape.length > 2 || width === undefined || width < 1) {
    throw unfit(`has a ${describe(tensor)}, which is no table`)
  }
  if (width > MAX_WIDTH) throw unfit(`has ${width} columns, at most ${MAX_WIDTH} are served`)
  if (width === 1 && tensor.name !== undefined) {
    return { columns: [{ ...kind, name: tensor.name }], named: true }
  }
  const columns = Array.from({ length: width }, (_, place) => ({ ...kind, name: `x${place}` }))
  return { columns, named: false }
}
