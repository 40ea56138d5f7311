import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import {
  type ColumnValues,
  quoteIdentifier,
  quoteLiteral,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { engineReason } from '../../stages/collection/index.ts'
import { predictFileErrors } from './errors.ts'
import { COPY_OPTIONS, detectedSql, formatOf, linesSql, type RowsFormat } from './rows-format.ts'

export interface OpenRowsOptions {
  readonly engine: TableEngine
  /** For the rows in between; the caller removes it. */
  readonly folder: string
  readonly file: string
  /** Columns to judge cell by cell. */
  readonly wanted: readonly string[]
  /** Columns to carry into the output as they are. */
  readonly kept: readonly string[]
}

/** The rows of a file, copied once to Parquet so that any stretch of them is quick to reach. */
export interface RowsTable {
  readonly rows: number
  readonly format: RowsFormat
  /** Cells of rows in [from, to) by the wanted columns' names. */
  read(from: number, to: number): Promise<Readonly<Record<string, ColumnValues>>>
  /** Query of rows in [from, to): `__row` and the kept columns under their own names. */
  keptSql(from: number, to: number): string
}

/** Names of the file's columns. @throws ROWS_FILE_UNREADABLE, ROWS_FILE_UNFIT */
export async function columnsOf(engine: TableEngine, file: string): Promise<readonly string[]> {
  return (await describe(engine, file)).map(({ name }) => name)
}

/** @throws ROWS_FILE_UNREADABLE, ROWS_COLUMN_MISSING, STORAGE_FULL */
export async function openRows(options: OpenRowsOptions): Promise<RowsTable> {
  const { engine, folder, file, wanted, kept } = options
  const format = formatOf(file)
  const columns = await describe(engine, file)
  const present = columns.map(({ name }) => name)
  const missing = [...wanted, ...kept].filter((name) => !present.includes(name))
  if (missing.length > 0) {
    throw predictFileErrors.ROWS_COLUMN_MISSING({ file, columns: [...new Set(missing)], present })
  }
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type ?? ''
  const isJson = format === 'jsonl'
  const items = [
    'row_number() OVER () - 1 AS __row',
    ...wanted.map((name, i) => `${isJson ? jsonText(name) : quoteIdentifier(name)} AS w${i}`),
    ...kept.map(
      (name, i) => `${isJson ? jsonTyped(name, typeOf(name)) : quoteIdentifier(name)} AS k${i}`,
    ),
  ]
  const path = join(folder, 'rows.parquet')
  const from = isJson ? linesSql(file) : detectedSql(file, format)
  const rows = await reading(file, () =>
    engine.writeParquet(`SELECT ${items.join(', ')} FROM (${from})`, path),
  )
  const stretch = (names: readonly string[], start: number, end: number) =>
    `SELECT ${['__row', ...names].join(', ')} FROM read_parquet(${quoteLiteral(path)})
     WHERE __row >= ${start} AND __row < ${end}`
  const named = (letter: string, names: readonly string[]) =>
    names.map((name, i) => `${letter}${i} AS ${quoteIdentifier(name)}`)
  return {
    rows,
    format,
    async read(start, end) {
      const cells = wanted.map((_, i) => `w${i}`)
      const read = await engine.columns(`${stretch(cells, start, end)} ORDER BY __row`)
      return Object.fromEntries(
        wanted.flatMap((name, i) => {
          const column = read[`w${i}`]
          return column === undefined ? [] : [[name, column] as const]
        }),
      )
    },
    keptSql: (start, end) => stretch(named('k', kept), start, end),
  }
}

async function describe(engine: TableEngine, file: string) {
  const format = formatOf(file)
  if (!existsSync(file)) {
    throw predictFileErrors.ROWS_FILE_UNREADABLE({ file, reason: 'there is no such file' })
  }
  return reading(file, () => engine.describe(detectedSql(file, format)))
}

async function reading<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const reason = engineReason(error).replace(/\.$/, '')
    throw predictFileErrors.ROWS_FILE_UNREADABLE({ file, reason }, error)
  }
}

function pointer(name: string): string {
  return quoteLiteral(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

/** A member of the line as JSON text, so that `"1"` and `1` stay apart. */
function jsonText(name: string): string {
  return `CAST(json_extract(json, ${pointer(name)}) AS VARCHAR)`
}

function jsonTyped(name: string, type: string): string {
  const isNested = /^(?:STRUCT|MAP|JSON)|\]$/.test(type)
  const extract = isNested ? 'json_extract' : 'json_extract_string'
  // What looks like a time or a UUID was written as a text, and stays one.
  const kept = /^(?:DATE|TIME|UUID)/.test(type) ? 'VARCHAR' : type
  return `CAST(${extract}(json, ${pointer(name)}) AS ${kept})`
}

/** @throws ROWS_FILE_UNWRITABLE, ROWS_FILE_UNFIT */
export function checkOutput(input: string, output: string): void {
  formatOf(output)
  const fault = (reason: string) => predictFileErrors.ROWS_FILE_UNWRITABLE({ file: output, reason })
  if (resolve(input) === resolve(output)) throw fault('it is the input')
  const folder = dirname(resolve(output))
  if (!existsSync(folder)) throw fault('its folder does not exist')
  if (!statSync(folder).isDirectory()) throw fault('a file stands where its folder should be')
  if (existsSync(output) && statSync(output).isDirectory()) throw fault('it is a folder')
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    throw fault('its folder may not be written to')
  }
}

/** Writes a query's rows to a file by its ending; whole, or not at all. */
export async function writeRows(engine: TableEngine, sql: string, output: string): Promise<void> {
  const format = formatOf(output)
  if (format === 'parquet') {
    await engine.writeParquet(sql, output)
    return
  }
  const beside = `${output}.${process.pid}.partial`
  try {
    await engine.execute(`COPY (${sql}) TO ${quoteLiteral(beside)} (${COPY_OPTIONS[format]})`)
    renameSync(beside, output)
  } finally {
    rmSync(beside, { force: true })
  }
}

/** A folder for the answers of the stretches, in order. */
export function partsFolder(folder: string): string {
  const path = join(folder, 'parts')
  mkdirSync(path)
  return path
}
