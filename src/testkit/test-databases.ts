import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, type Dialect, openDatabase } from '../platform/database/index.ts'

const SERVER = process.env.ESTEIRA_TEST_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/test'

/** A database of a test's own, empty at first; `dispose` closes what was opened and removes it. */
export interface TestDatabase {
  readonly dialect: Dialect
  readonly url: string
  open(): Promise<Database>
  dispose(): Promise<void>
}

/** An empty database of either kind: a file in a new folder, or a schema of its own in PostgreSQL. */
export async function createTestDatabase(dialect: Dialect): Promise<TestDatabase> {
  const { url, remove } = dialect === 'sqlite' ? sqliteFile() : await postgresSchema()
  const opened: Database[] = []
  return {
    dialect,
    url,
    async open() {
      const database = await openDatabase({ url, connections: 4 })
      opened.push(database)
      return database
    },
    async dispose() {
      for (const database of opened) await database.close()
      await remove()
    },
  }
}

/** Both dialects, for `describe.each`. */
export const DIALECTS: readonly Dialect[] = ['sqlite', 'postgres']

function sqliteFile() {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-database-'))
  return {
    url: join(folder, 'metadata.db'),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function postgresSchema() {
  const schema = `esteira_${randomBytes(8).toString('hex')}`
  await administer(`CREATE SCHEMA ${schema}`)
  const url = new URL(SERVER)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return { url: url.href, remove: () => administer(`DROP SCHEMA ${schema} CASCADE`) }
}

async function administer(statement: string): Promise<void> {
  const { Client } = (await import('pg')).default
  const client = new Client(SERVER)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
