import { quoteIdentifier, quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'
import { engineReason } from './engine-reason.ts'
import { errors } from './errors.ts'
import { requireColumns } from './require-columns.ts'
import type { RowFile } from './row-file.ts'
import { literalPath } from './source-files.ts'
import { requireDeclaredTypes, textAs } from './typed-select.ts'

export interface RowFileSelectOptions {
  readonly engine: TableEngine
  readonly source: string
  readonly origin: string
  readonly file: RowFile
  /** DuckDB types by column; absent ones are detected over all rows. */
  readonly types: Readonly<Record<string, string>>
}

/**
 * The query that reads a row file with its types.
 * @throws SOURCE_VALUE_INVALID, SOURCE_TYPE_INVALID, SOURCE_EMPTY, COLUMN_NOT_FOUND
 */
export async function rowFileSelect(options: RowFileSelectOptions): Promise<string> {
  const { engine, file, types, source } = options
  const columns = [...file.columns.keys()]
  if (file.rows === 0) return emptySelect(options, columns)
  requireColumns({
    where: `source "${source}", types`,
    columns: Object.keys(types),
    known: columns,
  })
  if (columns.length === 0) throw errors.SOURCE_EMPTY({ source, origin: options.origin })
  const detected = await detectedTypes(options)
  const readTypes = columns.map((column) => {
    const declared = types[column] !== undefined
    return [column, declared ? 'VARCHAR' : (detected.get(column) ?? 'VARCHAR')] as const
  })
  const rows = readJson(file.path, `columns = {${structText(readTypes)}}`)
  if (Object.keys(types).length === 0) return `SELECT * FROM ${rows}`
  await requireDeclaredTypes({ engine, source, texts: `SELECT * FROM ${rows}`, types })
  const casts = Object.entries(types).map(([column, type]) => {
    const name = quoteIdentifier(column)
    return `${textAs(name, type)} AS ${name}`
  })
  return `SELECT * REPLACE (${casts.join(', ')}) FROM ${rows}`
}

async function detectedTypes(options: RowFileSelectOptions): Promise<Map<string, string>> {
  const { engine, file, source, origin } = options
  try {
    const rows = readJson(file.path, 'sample_size = -1')
    const detected = new Map<string, string>()
    for (const { name, type } of await engine.describe(`SELECT * FROM ${rows}`)) {
      const kinds = file.columns.get(name)
      // JSON has no word for an infinite number; it travels as a text among numbers.
      if (kinds?.nonFinite && !kinds.others) detected.set(name, 'DOUBLE')
      // A column that is null in every row.
      else detected.set(name, type === 'JSON' ? 'VARCHAR' : type)
    }
    return detected
  } catch (error) {
    throw errors.SOURCE_UNREADABLE({ source, file: origin, reason: engineReason(error) })
  }
}

function emptySelect(options: RowFileSelectOptions, columns: readonly string[]): string {
  const { source, origin, types } = options
  const names = new Set([...columns, ...Object.keys(types)])
  if (names.size === 0) throw errors.SOURCE_EMPTY({ source, origin })
  const nulls = [...names].map(
    (column) => `CAST(NULL AS ${types[column] ?? 'VARCHAR'}) AS ${quoteIdentifier(column)}`,
  )
  return `SELECT ${nulls.join(', ')} WHERE false`
}

function readJson(path: string, options: string): string {
  return (
    `read_json(${quoteLiteral(literalPath(path))}, format = 'newline_delimited', ` +
    `maximum_object_size = 67108864, ${options})`
  )
}

function structText(types: readonly (readonly [string, string])[]): string {
  return types.map(([name, type]) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`).join(', ')
}
