import type { DeploymentPolicy, ModelSignature } from '../../core/records/index.ts'
import type { Cell } from './cell.ts'
import type { GivenInput } from './computed-input.ts'
import { type InputRule, inputRules } from './input-rules.ts'

export type ValidationPolicy = Pick<DeploymentPolicy, 'outOfRange' | 'unknownCategory'>

/** What the model sees, in the signature's order, one array of cells an input. */
export interface ModelInputs {
  readonly rows: number
  readonly columns: readonly (readonly Cell[])[]
  /** Flags by row. */
  readonly flags: readonly (readonly string[])[]
}

/** A value of the caller's that the policy refuses. */
export type Refusal =
  | {
      readonly kind: 'out-of-range'
      readonly input: string
      readonly row: number
      readonly value: number
      readonly low: number
      readonly high: number
    }
  | {
      readonly kind: 'unknown-category'
      readonly input: string
      readonly row: number
      readonly value: string
      readonly known: readonly string[]
    }

export interface AssembledInputs extends ModelInputs {
  /** In the order of the inputs, then of the rows; empty when the policy refuses nothing. */
  readonly refused: readonly Refusal[]
}

export interface InputSources {
  readonly rows: number
  /** Cells of a column that the caller sent. */
  readonly sent: (name: string) => readonly Cell[] | undefined
  /** Cells of a feature that was looked up. */
  readonly features: (name: string) => readonly Cell[] | undefined
  /** Flags that rows have already, by row. */
  readonly flags?: readonly (readonly string[])[] | undefined
}

/**
 * Brings what was sent, looked up and computed from both into the model's order, and holds it against
 * what training saw. Expressions see values as they came: before `clip`.
 * `flag` answers and says so; `clip` gives the model the nearest end of the training range instead
 * of a number outside it; `reject` refuses. Only what the caller sent can be refused: of features
 * and computed inputs that `reject` would refuse there is a flag. A missing value is never flagged.
 */
export function assembleInputs(
  sources: InputSources,
  options: { readonly signature: ModelSignature; readonly policy: ValidationPolicy },
): AssembledInputs {
  const { policy, signature } = options
  const flags: (string[] | readonly string[])[] = []
  for (let row = 0; row < sources.rows; row++) flags.push([...(sources.flags?.[row] ?? [])])
  const found: Findings = { flags: flags as string[][], refused: [] }
  const given = (input: GivenInput) => givenCells(input, sources)
  const checking = { found, policy }
  const columns = inputRules(signature).map((rule) => {
    const cells = rule.computed?.cells(sources.rows, given) ?? given(rule)
    if (rule.kind === 'number') {
      return policy.outOfRange === 'clip'
        ? clipped(cells, rule, found)
        : checkRange(cells, rule, checking)
    }
    return checkCategories(cells, rule, checking)
  })
  return { rows: sources.rows, columns, flags: found.flags, refused: found.refused }
}

/** Whether the value is the caller's own. */
function isSent({ view, computed }: InputRule): boolean {
  return view === null && computed === undefined
}

interface Findings {
  readonly flags: string[][]
  readonly refused: Refusal[]
}

interface Checking {
  readonly found: Findings
  readonly policy: ValidationPolicy
}

function givenCells({ name, view, kind }: GivenInput, sources: InputSources): readonly Cell[] {
  return view === null ? (sources.sent(name) ?? []) : ofKind(sources.features(name) ?? [], kind)
}

/** A value of another kind than the model was trained on is no value. */
function ofKind(cells: readonly Cell[], kind: InputRule['kind']): readonly Cell[] {
  const type = kind === 'number' ? 'number' : 'string'
  const fits = (cell: Cell) => cell === null || typeof cell === type
  return cells.every(fits) ? cells : cells.map((cell) => (fits(cell) ? cell : null))
}

function checkRange(
  cells: readonly Cell[],
  rule: InputRule,
  { found, policy }: Checking,
): readonly Cell[] {
  if (rule.range === null) return cells
  const [lowest, highest] = rule.near
  const [low, high] = rule.range
  const refuses = policy.outOfRange === 'reject' && isSent(rule)
  for (let row = 0; row < cells.length; row++) {
    const value = cells[row]
    if (typeof value !== 'number' || !(value < lowest || value > highest)) continue
    if (refuses) {
      found.refused.push({ kind: 'out-of-range', input: rule.name, row, value, low, high })
    } else {
      found.flags[row]?.push(rule.flags.outOfRange)
    }
  }
  return cells
}

function clipped(cells: readonly Cell[], rule: InputRule, { flags }: Findings): readonly Cell[] {
  if (rule.range === null) return cells
  const [low, high] = rule.range
  let changed: Cell[] | undefined
  for (let row = 0; row < cells.length; row++) {
    const value = cells[row]
    if (typeof value !== 'number' || !(value < low || value > high)) continue
    // What was sent is left as it was sent.
    changed ??= [...cells]
    changed[row] = value < low ? low : high
    flags[row]?.push(rule.flags.clipped)
  }
  return changed ?? cells
}

function checkCategories(
  cells: readonly Cell[],
  rule: InputRule,
  { found, policy }: Checking,
): readonly Cell[] {
  const { categories } = rule
  if (categories === undefined) return cells
  const refuses = policy.unknownCategory === 'reject' && isSent(rule)
  for (let row = 0; row < cells.length; row++) {
    const value = cells[row]
    if (typeof value !== 'string' || categories.has(value)) continue
    if (refuses) {
      const known = [...categories]
      found.refused.push({ kind: 'unknown-category', input: rule.name, row, value, known })
    } else {
      found.flags[row]?.push(rule.flags.unknownCategory)
    }
  }
  return cells
}
