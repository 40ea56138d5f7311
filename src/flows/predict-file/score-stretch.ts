import type { DeploymentPolicy, ModelSignature } from '../../core/records/index.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from '../../platform/inference/index.ts'
import type { LookUpFeatures } from './look-up-features.ts'
import type { Cell } from './read-cell.ts'
import type { Stretch } from './read-stretch.ts'

type SignatureInput = ModelSignature['inputs'][number]

/** A number this share of the range's width beyond its ends still counts as near. */
const RANGE_TOLERANCE = 0.1

export interface ScoringParts {
  readonly session: ModelSession
  readonly policy: Pick<DeploymentPolicy, 'outOfRange' | 'missingFeatures'>
  readonly lookUp: LookUpFeatures
}

/** The inputs of a stretch, complete; its misfits now hold those of features and ranges too. */
export interface GatheredStretch {
  /** In the signature's order. */
  readonly columns: readonly (readonly Cell[])[]
  /** Rows with a number far outside its training range that are answered all the same. */
  readonly flagged: ReadonlySet<number>
}

/** Adds the features, and holds rows against the policies, as the gateway does for requests. */
export async function gatherStretch(
  stretch: Stretch,
  { session, policy, lookUp }: ScoringParts,
): Promise<GatheredStretch> {
  const { misfits } = stretch
  const features = await lookUp(stretch)
  if (policy.missingFeatures === 'error') {
    for (const [row, view] of features.lacking) {
      if (!misfits.has(row)) misfits.set(row, { column: view, reason: 'no features are known' })
    }
  }
  const flagged = new Set<number>()
  const columns = session.signature.inputs.map((input) => {
    const cells = cellsOf(input, input.view === null ? stretch.cells : features.cells)
    cells.forEach((cell, row) => {
      if (!isFar(cell, input)) return
      if (policy.outOfRange === 'flag' || input.view !== null) flagged.add(row)
      else if (!misfits.has(row)) misfits.set(row, outOfRange(input, cell))
    })
    return cells
  })
  for (const row of misfits.keys()) flagged.delete(row)
  return { columns, flagged }
}

function cellsOf(
  { name, kind }: SignatureInput,
  cells: Readonly<Record<string, readonly Cell[]>>,
): readonly Cell[] {
  // A value of another kind than the model was trained on is no value.
  return (cells[name] ?? []).map((cell) =>
    cell === null || (typeof cell === 'number') === (kind === 'number') ? cell : null,
  )
}

function isFar(cell: Cell, { range }: SignatureInput): cell is number {
  if (typeof cell !== 'number' || range === null) return false
  const [low, high] = range
  const slack = (high - low) * RANGE_TOLERANCE
  return cell < low - slack || cell > high + slack
}

function outOfRange({ name, range }: SignatureInput, value: number) {
  const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  return { column: name, reason: `expected a number near ${low} to ${high}, got ${value}` }
}

/** Asks the model about the rows that fit, and about no others. */
export function predictRows(
  session: ModelSession,
  gathered: GatheredStretch,
  rows: readonly number[],
): Promise<PredictionBatch> {
  const columns: Record<string, ColumnBatch['columns'][string]> = {}
  session.signature.inputs.forEach(({ name, kind }, index) => {
    const cells = gathered.columns[index] ?? []
    columns[name] =
      kind === 'number'
        ? Float32Array.from(rows, (row) => numberOf(cells[row]))
        : rows.map((row) => textOf(cells[row]))
  })
  return session.predict({ rows: rows.length, columns })
}

function numberOf(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : Number.NaN
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : ''
}
