import type { DeploymentPolicy } from '../../core/records/index.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from '../../platform/inference/index.ts'
import {
  assembleInputs,
  type Cell,
  type Refusal,
  type ValidationPolicy,
} from '../../stages/serving/index.ts'
import type { LookUpFeatures } from './look-up-features.ts'
import type { Misfit } from './read-cell.ts'
import type { Stretch } from './read-stretch.ts'

export interface ScoringParts {
  readonly session: ModelSession
  readonly policy: ValidationPolicy & Pick<DeploymentPolicy, 'missingFeatures'>
  readonly lookUp: LookUpFeatures
}

/** The inputs of a stretch, complete; its misfits now hold those of features and ranges too. */
export interface GatheredStretch {
  /** In the signature's order. */
  readonly columns: readonly (readonly Cell[])[]
  /** Rows with a value that training did not see, which are answered all the same. */
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
  const { columns, flags, refused } = assembleInputs(
    {
      rows: stretch.rows,
      sent: (name) => stretch.cells[name],
      features: (name) => features.cells[name],
    },
    { signature: session.signature, policy },
  )
  for (const refusal of refused) {
    if (!misfits.has(refusal.row)) misfits.set(refusal.row, misfitOf(refusal))
  }
  const flagged = new Set<number>()
  for (const [row, ofRow] of flags.entries()) {
    if (ofRow.length > 0 && !misfits.has(row)) flagged.add(row)
  }
  return { columns, flagged }
}

/** Categories named in a reason. */
const MOST_NAMED = 5

function misfitOf(refusal: Refusal): Misfit {
  const { input: column, value } = refusal
  if (refusal.kind === 'out-of-range') {
    const { low, high } = refusal
    return { column, reason: `expected a number near ${low} to ${high}, got ${value}` }
  }
  const named = refusal.known.slice(0, MOST_NAMED).join(', ')
  const more = refusal.known.length > MOST_NAMED ? ', …' : ''
  const got = JSON.stringify(refusal.value.slice(0, 60))
  return { column, reason: `expected a text that training saw (${named}${more}), got ${got}` }
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
