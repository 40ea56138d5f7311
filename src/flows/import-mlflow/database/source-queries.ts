import { redactDatabaseUrl } from '../../../platform/database/index.ts'
import { importErrors } from '../errors.ts'

type Row = Readonly<Record<string, unknown>>

/** Reads a database of MLflow's; it can do nothing else. */
export interface SourceQueries {
  /** Without a password. */
  readonly place: string
  /** Values are bound to the `?` of the text. */
  all(text: string, values?: readonly (string | number)[]): Promise<readonly Row[]>
  close(): Promise<void>
}

/**
 * Opens a database to read from as it is now: a SQLite file (`sqlite:///path`), read-only, or
 * PostgreSQL, in one read-only transaction.
 * @throws IMPORT_SOURCE_UNREADABLE
 */
export async function openSourceQueries(url: string): Promise<SourceQueries> {
  const place = redactDatabaseUrl(url)
  const unreadable = (what: string) => (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw importErrors.IMPORT_SOURCE_UNREADABLE({ place, what, reason }, error)
  }
  const open = url.startsWith('sqlite:') ? openSqlite : openPostgres
  const { all, close } = await open(url).catch(unreadable('opening it'))
  return {
    place,
    all: (text, values = []) =>
      all(text, values).catch(unreadable(/FROM (\w+)/.exec(text)?.[1] ?? 'a query')),
    close,
  }
}

interface Reader {
  all(text: string, values: readonly (string | number)[]): Promise<readonly Row[]>
  close(): Promise<void>
}

/** As SQLAlchemy reads it: `sqlite:///relative` and `sqlite:////absolute`. */
export function sqlitePath(url: string): string {
  return decodeURIComponent(url.replace(/^sqlite:(\/\/\/)?/, ''))
}

async function openSqlite(url: string): Promise<Reader> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(sqlitePath(url), { readOnly: true })
  // One state of the database to the end, also while a server writes.
  database.exec('BEGIN')
  return {
    all: async (text, values) => database.prepare(text).all(...values),
    close: async () => database.close(),
  }
}

const BIGINT = 20

async function openPostgres(url: string): Promise<Reader> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({
    connectionString: url.replace(/^postgres(ql)?\+\w+:/, 'postgresql:'),
    connectionTimeoutMillis: 10_000,
    application_name: 'esteira import',
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === BIGINT ? Number : pg.types.getTypeParser(id, format as 'text'),
    },
  })
  // A broken connection fails the query that waits for it.
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // One query after the other: there is one connection, whose transaction shows one state.
  let last: Promise<unknown> = Promise.resolve()
  return {
    async all(text, values) {
      let count = 0
      const numbered = text.replaceAll('?', () => `$${++count}`)
      const result = last.then(() => client.query(numbered, [...values]))
      last = result.catch(() => undefined)
      return (await result).rows
    },
    close: () => client.end(),
  }
}
