import type { WireTensor } from '../open-inference.ts'
import { fieldsOf, invalid, listOf, shown } from '../parse-request.ts'

/** A matrix without names stands for all columns of the model, in the metadata's order. */
const MATRIX = 'rows'

function column(name: string, data: readonly unknown[]): WireTensor {
  const shape = data.length > 0 && data.every(isSingle) ? [data.length, 1] : [data.length]
  return { name, datatype: 'JSON', shape, data }
}

function isSingle(value: unknown): boolean {
  return Array.isArray(value) && value.length === 1
}

/**
 * Columns of a list of rows: objects by column name, arrays, or single values.
 * @throws BODY_INVALID
 */
export function tensorsOfRows(value: unknown, where: string): readonly WireTensor[] {
  const rows = listOf(value, where)
  const [first] = rows
  if (Array.isArray(first)) return [matrixOf(rows, first.length, where)]
  if (typeof first === 'object' && first !== null) return tensorsOfRecords(rows, where)
  return [{ name: MATRIX, datatype: 'JSON', shape: [rows.length, 1], data: rows }]
}

function matrixOf(rows: readonly unknown[], width: number, where: string): WireTensor {
  rows.forEach((row, index) => {
    if (Array.isArray(row) && row.length === width) return
    throw invalid(`${where}[${index}]`, `an array of ${width} values`, row)
  })
  return { name: MATRIX, datatype: 'JSON', shape: [rows.length, width], data: rows }
}

/** The first row tells the columns: rows that each name others would need memory without bounds. */
export function tensorsOfRecords(value: unknown, where: string): readonly WireTensor[] {
  const records = listOf(value, where)
  const names = Object.keys(fieldsOf(records[0], `${where}[0]`))
  const columns = names.map(() => Array.from<unknown>({ length: records.length }))
  records.forEach((item, row) => {
    const record = fieldsOf(item, `${where}[${row}]`)
    const isAlike =
      Object.keys(record).length === names.length &&
      names.every((name) => Object.hasOwn(record, name))
    if (!isAlike) throw invalid(`${where}[${row}]`, 'the columns of the first row', item)
    columns.forEach((cells, at) => {
      cells[row] = record[names[at] ?? '']
    })
  })
  return names.map((name, at) => column(name, columns[at] ?? []))
}

/** Columns by name; each a list of values, or one value alone. */
export function tensorsOfColumns(value: unknown, where: string): readonly WireTensor[] {
  if (Array.isArray(value)) return tensorsOfRows(value, where)
  return Object.entries(fieldsOf(value, where)).map(([name, data]) =>
    column(name, Array.isArray(data) ? data : [data]),
  )
}

/** A table as pandas splits it: `{columns, data, index?}`. */
export function tensorsOfTable(value: unknown, where: string): readonly WireTensor[] {
  const table = fieldsOf(value, where, ['columns', 'data', 'index'])
  const names = listOf(table.columns, `${where}.columns`).map((name, at) => {
    if (typeof name !== 'string') throw invalid(`${where}.columns[${at}]`, 'a text', name)
    return name
  })
  const rows = listOf(table.data, `${where}.data`)
  return namedColumns(names, rows, { where: `${where}.data`, datatype: 'JSON' })
}

/** Columns of rows whose names stand apart. */
export function namedColumns(
  names: readonly string[],
  rows: readonly unknown[],
  { where, datatype }: { readonly where: string; readonly datatype: 'JSON' | 'CSV' },
): readonly WireTensor[] {
  const cells = rows.map((row, index): readonly unknown[] => {
    if (Array.isArray(row) && row.length === names.length) return row
    const got = Array.isArray(row) ? `${row.length}` : shown(row)
    throw invalid(`${where}[${index}]`, `an array of ${names.length} values, not of ${got}`, row)
  })
  return names.map((name, at) => ({
    name,
    datatype,
    shape: [rows.length],
    data: cells.map((row) => row[at]),
  }))
}
