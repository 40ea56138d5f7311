import type { DeploymentPolicy, ModelSignature } from '../../core/records/index.ts'
import type { Cell } from './decode-column.ts'
import type { DecodedRows } from './decode-rows.ts'
import { gatewayErrors } from './errors.ts'
import type { FeatureRow } from './look-up-views.ts'

type SignatureInput = ModelSignature['inputs'][number]

/** What the model sees, in the signature's order, one array of cells an input. */
export interface ModelInputs {
  readonly rows: number
  readonly columns: readonly (readonly Cell[])[]
  /** Flags by row. */
  readonly flags: readonly (readonly string[])[]
}

/** A number this share of the range's width beyond its ends still counts as near. */
const RANGE_TOLERANCE = 0.1

/**
 * Brings request columns and looked-up features into the model's order, and holds numbers against
 * their training ranges. Only what the caller sent can be rejected; features are flagged.
 * @throws INPUT_OUT_OF_RANGE when the policy is `reject`
 */
export function assembleInputs(
  decoded: DecodedRows,
  features: readonly FeatureRow[],
  options: {
    readonly signature: ModelSignature
    readonly outOfRange: DeploymentPolicy['outOfRange']
  },
): ModelInputs {
  const flags: string[][] = Array.from({ length: decoded.rows }, () => [])
  const columns = options.signature.inputs.map((input) => {
    const cells = cellsOf(input, decoded, features)
    cells.forEach((cell, row) => {
      if (!isFar(cell, input)) return
      if (options.outOfRange === 'reject' && input.view === null) throw outOfRange(input, row, cell)
      flags[row]?.push(`out-of-range:${input.name}`)
    })
    return cells
  })
  return { rows: decoded.rows, columns, flags }
}

function cellsOf(
  { name, view, kind }: SignatureInput,
  decoded: DecodedRows,
  features: readonly FeatureRow[],
): readonly Cell[] {
  if (view === null) return decoded.columns.get(name) ?? []
  return features.map((row) => {
    const cell = row[name] ?? null
    // A value of another kind than the model was trained on is no value.
    return cell === null || (typeof cell === 'number') === (kind === 'number') ? cell : null
  })
}

function isFar(cell: Cell, { range }: SignatureInput): cell is number {
  if (typeof cell !== 'number' || range === null) return false
  const [low, high] = range
  const slack = (high - low) * RANGE_TOLERANCE
  return cell < low - slack || cell > high + slack
}

function outOfRange({ name, range }: SignatureInput, row: number, value: number) {
  const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  return gatewayErrors.INPUT_OUT_OF_RANGE({ input: name, row, value, low, high })
}
