import { FRAME_COLUMNS, type InputColumn } from '../../core/records/index.ts'
import {
  type ColumnValues,
  quoteIdentifier,
  quoteLiteral,
  type TableEngine,
} from '../storage/index.ts'
import { inferenceErrors } from './errors.ts'
import type { ColumnBatch } from './model-session.ts'

export interface ReadFramePartOptions {
  readonly engine: TableEngine
  /** Parquet file of one part of a frame. */
  readonly path: string
  /** Columns for the model; a signature's inputs or a frame's. */
  readonly inputs: readonly Pick<InputColumn, 'name' | 'kind'>[]
  /** Further columns to read as they are, for slices. */
  readonly keep?: readonly string[]
  /** Read only the first rows. All, when absent. */
  readonly limit?: number
}

/** Rows of a frame as a model sees them, with what else is known of them; all in one order. */
export interface FramePartRows {
  readonly rows: number
  readonly batch: ColumnBatch
  readonly ids: readonly string[]
  /** Class labels, or numbers for regression; null when the frame has no target. */
  readonly target: readonly (string | null)[] | Float64Array | null
  /** The columns asked for with `keep`, by name. */
  readonly kept: Readonly<Record<string, ColumnValues>>
}

/** Prefixes keep an input, a kept column and the target apart that carry the same name. */
const INPUT = 'input:'
const KEPT = 'kept:'
const ID = 'id'
const TARGET = 'target'

/**
 * Reads one part of a frame in the order of its file: numbers become float32 with NaN for missing,
 * texts become "" when missing, exactly as the model gets them when it serves.
 *
 * @throws FRAME_COLUMN_MISSING when the file lacks a column.
 */
export async function readFramePart(options: ReadFramePartOptions): Promise<FramePartRows> {
  const { engine, path, inputs, keep = [], limit } = options
  const table = `read_parquet(${quoteLiteral(path)})`
  const present = (await engine.describe(`SELECT * FROM ${table}`)).map((column) => column.name)
  for (const name of [FRAME_COLUMNS.id, ...inputs.map((input) => input.name), ...keep]) {
    if (!present.includes(name)) {
      throw inferenceErrors.FRAME_COLUMN_MISSING({ column: name, present })
    }
  }
  const items = [
    `CAST(${quoteIdentifier(FRAME_COLUMNS.id)} AS VARCHAR) AS ${quoteIdentifier(ID)}`,
    ...inputs.map(({ name, kind }) => {
      const type = kind === 'number' ? 'DOUBLE' : 'VARCHAR'
      return `CAST(${quoteIdentifier(name)} AS ${type}) AS ${quoteIdentifier(INPUT + name)}`
    }),
    ...keep.map((name) => `${quoteIdentifier(name)} AS ${quoteIdentifier(KEPT + name)}`),
  ]
  if (present.includes(FRAME_COLUMNS.target)) {
    items.push(`${quoteIdentifier(FRAME_COLUMNS.target)} AS ${quoteIdentifier(TARGET)}`)
  }
  const end = limit === undefined ? '' : ` LIMIT ${limit}`
  const columns = await engine.columns(`SELECT ${items.join(', ')} FROM ${table}${end}`)
  return assemble(columns, inputs, keep)
}

function assemble(
  columns: Readonly<Record<string, ColumnValues>>,
  inputs: ReadFramePartOptions['inputs'],
  keep: readonly string[],
): FramePartRows {
  const ids = (columns[ID]?.values ?? []) as readonly (string | null)[]
  const rows = ids.length
  const batch: Record<string, Float32Array | readonly string[]> = {}
  for (const { name } of inputs) {
    const column = columns[INPUT + name]
    if (column === undefined) continue
    batch[name] =
      column.kind === 'text'
        ? column.values.map((text) => text ?? '')
        : Float32Array.from(column.values)
  }
  const kept: Record<string, ColumnValues> = {}
  for (const name of keep) {
    const column = columns[KEPT + name]
    if (column !== undefined) kept[name] = column
  }
  return {
    rows,
    batch: { rows, columns: batch },
    ids: ids.map((id) => id ?? ''),
    target: columns[TARGET]?.values ?? null,
    kept,
  }
}
