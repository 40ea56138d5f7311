import type { ColumnValues } from '../../platform/storage/index.ts'
import type { Cell } from '../../stages/serving/index.ts'
import { type Misfit, plainValue, readCell, readInstant } from './read-cell.ts'
import type { RowsFormat } from './rows-format.ts'
import type { ScoringColumn } from './scoring-plan.ts'

/** Rows of the file on their way to the model. */
export interface Stretch {
  readonly rows: number
  /** Cells by column; null where a row does not fit. */
  readonly cells: Readonly<Record<string, readonly Cell[]>>
  /** When each row is asked, in milliseconds. */
  readonly timesMs: Float64Array
  /** Why a row does not fit the model, by its place in the stretch; the first reason counts. */
  readonly misfits: Map<number, Misfit>
}

export interface ReadStretchOptions {
  readonly rows: number
  readonly read: Readonly<Record<string, ColumnValues>>
  readonly columns: readonly ScoringColumn[]
  readonly format: RowsFormat
  /** One time for all rows, in milliseconds, or the column that tells each row's. */
  readonly time: number | string
}

/** Judges cell by cell what was read. */
export function readStretch(options: ReadStretchOptions): Stretch {
  const { rows, read, columns, format, time } = options
  const misfits = new Map<number, Misfit>()
  const refuse = (row: number, misfit: Misfit) => {
    if (!misfits.has(row)) misfits.set(row, misfit)
  }
  const cells: Record<string, readonly Cell[]> = {}
  for (const column of columns) {
    const values = read[column.name]
    if (values === undefined) continue
    cells[column.name] = Array.from({ length: rows }, (_, row) => {
      const cell = readCell(plainValue(values, row, format), column, format)
      if (cell === null || typeof cell !== 'object') return cell
      refuse(row, cell)
      return null
    })
  }
  return { rows, cells, timesMs: timesOf({ rows, read, format, time, refuse }), misfits }
}

function timesOf(options: {
  readonly rows: number
  readonly read: Readonly<Record<string, ColumnValues>>
  readonly format: RowsFormat
  readonly time: number | string
  readonly refuse: (row: number, misfit: Misfit) => void
}): Float64Array {
  const { rows, read, format, time, refuse } = options
  const timesMs = new Float64Array(rows)
  if (typeof time === 'number') return timesMs.fill(time)
  const values = read[time]
  if (values === undefined) return timesMs
  for (let row = 0; row < rows; row++) {
    const instant = readInstant(plainValue(values, row, format), time)
    if (typeof instant === 'number') timesMs[row] = instant
    else refuse(row, instant)
  }
  return timesMs
}
