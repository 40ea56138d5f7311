import { instantMs } from '../../core/records/index.ts'
import type { ColumnValues } from '../../platform/storage/index.ts'
import { type Cell, cellOfValue, numberOfText } from '../../stages/serving/index.ts'
import type { RowsFormat } from './rows-format.ts'
import type { ScoringColumn } from './scoring-plan.ts'

const LONGEST_SHOWN = 60

const EXPECTED: Readonly<Record<ScoringColumn['kind'], string>> = {
  number: 'a finite number within float32',
  text: 'a text',
  any: 'a text or a finite number',
}

/** A value that does not fit, in words; the column's name comes first. */
export interface Misfit {
  readonly column: string
  readonly reason: string
}

/** What stands in a cell of the file: a plain value, or undefined for what is none. */
export function plainValue(column: ColumnValues, row: number, format: RowsFormat): unknown {
  const value = column.values[row] ?? null
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return null
    return column.kind === 'time' ? new Date(value) : value
  }
  return format === 'jsonl' && value !== null ? parsed(value) : value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The value as a cell of the column, by the gateway's rules for its format; else why not. */
export function readCell(
  value: unknown,
  { name, kind }: ScoringColumn,
  format: RowsFormat,
): Cell | Misfit {
  if (value === null) return null
  const cell = kind === 'number' && format === 'csv' ? numberOfText(value) : cellOfValue(value)
  const fits =
    cell !== undefined && (kind === 'any' || (typeof cell === 'number') === isNumber(kind))
  if (fits) return cell
  return { column: name, reason: `expected ${EXPECTED[kind]}, got ${shown(value)}` }
}

function isNumber(kind: ScoringColumn['kind']): boolean {
  return kind === 'number'
}

/** Milliseconds of a row's own time. Numbers are milliseconds since 1970. */
export function readInstant(value: unknown, column: string): number | Misfit {
  const ms =
    value instanceof Date
      ? value.getTime()
      : typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)
        ? instantMs(value)
        : value
  if (typeof ms === 'number' && Math.abs(ms) <= 8.64e15) return ms
  return { column, reason: `expected an ISO 8601 time, got ${shown(value)}` }
}

function shown(value: unknown): string {
  if (value === null) return 'nothing'
  const text = value instanceof Date ? `the time ${value.toISOString()}` : JSON.stringify(value)
  if (text === undefined) return 'no value'
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text
}
