import { closeSync, openSync, writeSync } from 'node:fs'

/** A value as a driver or JSON gives it. */
export type CellValue = unknown

/** What kinds of value a column was seen to hold. */
export interface ColumnKinds {
  numbers: boolean
  others: boolean
  /** Numbers that JSON cannot carry (infinite, not a number); written as texts. */
  nonFinite: boolean
}

/**
 * Rows on their way into DuckDB: newline-delimited JSON in a temporary file, written in batches so
 * that memory does not grow with the source. Column order is that of first appearance.
 */
export interface RowFile {
  readonly path: string
  readonly rows: number
  readonly columns: ReadonlyMap<string, ColumnKinds>
  write(rows: Iterable<Readonly<Record<string, CellValue>>>): void
  close(): void
}

const FLUSH_CHARACTERS = 1 << 20

export function openRowFile(path: string, columns: readonly string[] = []): RowFile {
  const descriptor = openSync(path, 'w')
  const kinds = new Map<string, ColumnKinds>(columns.map((column) => [column, noKinds()]))
  let rows = 0
  return {
    path,
    get rows() {
      return rows
    },
    columns: kinds,
    write(batch) {
      let text = ''
      for (const row of batch) {
        text += `${rowText(row, kinds)}\n`
        rows++
        if (text.length > FLUSH_CHARACTERS) {
          writeSync(descriptor, text)
          text = ''
        }
      }
      if (text !== '') writeSync(descriptor, text)
    },
    close: () => closeSync(descriptor),
  }
}

function noKinds(): ColumnKinds {
  return { numbers: false, others: false, nonFinite: false }
}

function rowText(
  row: Readonly<Record<string, CellValue>>,
  kinds: Map<string, ColumnKinds>,
): string {
  const members: string[] = []
  for (const column of Object.keys(row)) {
    let kind = kinds.get(column)
    if (kind === undefined) {
      kind = noKinds()
      kinds.set(column, kind)
    }
    const value = row[column]
    if (value === null || value === undefined) continue
    members.push(`${JSON.stringify(column)}:${valueText(value, kind)}`)
  }
  return `{${members.join(',')}}`
}

function valueText(value: NonNullable<CellValue>, kind: ColumnKinds): string {
  if (typeof value === 'bigint') {
    kind.numbers = true
    return value.toString()
  }
  if (typeof value === 'number') {
    kind.numbers = true
    if (Number.isFinite(value)) return JSON.stringify(value)
    kind.nonFinite = true
    return `"${value}"`
  }
  kind.others = true
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('hex')}"`
  return JSON.stringify(value)
}
