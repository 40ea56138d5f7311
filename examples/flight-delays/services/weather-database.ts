import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { readParquet } from './read-parquet.ts'

/** Raised when the tables change, so that an older database is built anew. */
const LAYOUT = 1

const COLUMNS = {
  origin: 'TEXT NOT NULL',
  time_hour: 'TEXT NOT NULL',
  temp: 'REAL',
  dewp: 'REAL',
  humid: 'REAL',
  wind_dir: 'INTEGER',
  wind_speed: 'REAL',
  wind_gust: 'REAL',
  precip: 'REAL',
  pressure: 'REAL',
  visib: 'REAL',
  known_at: 'TEXT NOT NULL',
} as const

const NAMES = Object.keys(COLUMNS)

/**
 * A SQLite database with the table `weather`, made from the Parquet file. Left alone when it was
 * made from the same bytes; else built aside and renamed, so that a reader never sees half of one.
 *
 * @returns whether it was built.
 */
export async function buildWeatherDatabase(parquet: string, database: string): Promise<boolean> {
  const source = createHash('sha256')
    .update(`${LAYOUT}\n`)
    .update(await readFile(parquet))
    .digest('hex')
  if (existsSync(database) && builtFrom(database) === source) return false
  const rows = await readParquet(
    parquet,
    `SELECT * REPLACE (strftime(time_hour, '%Y-%m-%d %H:%M:%S') AS time_hour,
       strftime(known_at, '%Y-%m-%d %H:%M:%S') AS known_at)
     FROM rows ORDER BY origin, time_hour`,
  )
  await mkdir(dirname(database), { recursive: true })
  const aside = `${database}.${randomUUID()}.tmp`
  try {
    writeDatabase(aside, rows, source)
    await rename(aside, database)
  } finally {
    await rm(aside, { force: true })
  }
  return true
}

/** What a database says it was made from; nothing when it cannot be read as ours. */
function builtFrom(path: string): string | undefined {
  try {
    using database = new DatabaseSync(path, { readOnly: true })
    const row = database.prepare('SELECT sha256 FROM built_from').get()
    return typeof row?.sha256 === 'string' ? row.sha256 : undefined
  } catch {
    // A file that is no database, or not ours, is replaced like an outdated one.
    return undefined
  }
}

function writeDatabase(path: string, rows: readonly Record<string, unknown>[], source: string) {
  using database = new DatabaseSync(path)
  database.exec(`
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = FULL;
    BEGIN;
    CREATE TABLE built_from (sha256 TEXT NOT NULL);
    CREATE TABLE weather (
      ${Object.entries(COLUMNS)
        .map(([name, type]) => `${name} ${type}`)
        .join(', ')},
      PRIMARY KEY (origin, time_hour)
    ) WITHOUT ROWID;`)
  database.prepare('INSERT INTO built_from VALUES (?)').run(source)
  const insert = database.prepare(`INSERT INTO weather VALUES (${NAMES.map(() => '?').join(', ')})`)
  for (const row of rows) insert.run(...NAMES.map((name) => sqliteValue(row[name])))
  database.exec('COMMIT')
}

function sqliteValue(value: unknown): string | number | null {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (value === null) return null
  throw new TypeError(`weather holds a value that SQLite cannot keep: ${JSON.stringify(value)}`)
}
