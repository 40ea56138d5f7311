import type { TableEngine } from '../storage/index.ts'

/** What a query reads, or why it is no query. */
export type SqlReading =
  | {
      readonly kind: 'query'
      readonly tables: readonly string[]
      readonly readers: readonly string[]
    }
  | { readonly kind: 'invalid'; readonly reason: string; readonly offset: number | undefined }

interface SerializedSql {
  readonly error: boolean
  readonly error_message?: string
  readonly position?: string
  readonly statements?: readonly unknown[]
}

/** Table functions that read files: around snapshots, and so around lineage. */
const FILE_READER = /^(read_|parquet_|glob$|sniff_|sqlite_|postgres_)/

interface Found {
  readonly tables: Set<string>
  readonly readers: Set<string>
  readonly named: Set<string>
}

function collect(node: unknown, found: Found): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    for (const item of node) collect(item, found)
    return
  }
  const fields: Readonly<Record<string, unknown>> = { ...node }
  if (fields.type === 'BASE_TABLE') found.tables.add(String(fields.table_name))
  if (fields.type === 'FUNCTION' && FILE_READER.test(String(fields.function_name))) {
    found.readers.add(String(fields.function_name))
  }
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'cte_map') collectNames(value, found.named)
    collect(value, found)
  }
}

function collectNames(commonTables: unknown, named: Set<string>): void {
  const { map }: { map?: readonly { readonly key: string }[] } = { ...(commonTables as object) }
  for (const { key } of map ?? []) named.add(key.toLowerCase())
}

/** The tables that a query takes from outside itself, by the engine's own parser. */
export async function readSql(engine: TableEngine, sql: string): Promise<SqlReading> {
  const [row] = await engine.query<{ tree: string }>(
    'SELECT json_serialize_sql($1::VARCHAR) AS tree',
    [sql],
  )
  const tree: SerializedSql = JSON.parse(row?.tree ?? '{"error":true}')
  if (tree.error) {
    const isOther = tree.error_message?.startsWith('Only SELECT') === true
    const reason = isOther ? 'another kind of statement' : (tree.error_message ?? 'no SQL')
    const offset = tree.position === undefined ? undefined : Number(tree.position)
    return { kind: 'invalid', reason, offset }
  }
  const statements = tree.statements ?? []
  if (statements.length !== 1) {
    return { kind: 'invalid', reason: `${statements.length} statements`, offset: undefined }
  }
  const found: Found = { tables: new Set(), readers: new Set(), named: new Set() }
  collect(statements, found)
  const tables = [...found.tables].filter((name) => !found.named.has(name.toLowerCase()))
  return { kind: 'query', tables, readers: [...found.readers] }
}
