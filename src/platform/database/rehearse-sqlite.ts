import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { databaseErrors } from './errors.ts'
import type { Migration } from './migrations/index.ts'
import { databaseError } from './sqlite-errors.ts'

const BUSY_TIMEOUT_MS = 10_000

/** The number of scripts that were run on a file; 0 when there is none. Nothing is changed. */
export function schemaOfSqlite(path: string): number {
  if (!existsSync(path)) return 0
  return inFile(path, path, versionOf)
}

/** Runs the pending scripts in a transaction, and undoes them; on an empty database without a file. */
export function rehearseSqlite(path: string, migrations: readonly Migration[]): void {
  inFile(existsSync(path) ? path : ':memory:', path, (database) => {
    database.exec('PRAGMA foreign_keys = ON')
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const migration of migrations.slice(versionOf(database)))
        runScript(database, path, migration)
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK')
    }
  })
}

function runScript(database: DatabaseSync, path: string, { name, sqlite }: Migration): void {
  try {
    database.exec(sqlite)
  } catch (error) {
    const reason = `migration "${name}": ${error instanceof Error ? error.message : error}`
    throw databaseErrors.DATABASE_FAILED({ path, reason }, error)
  }
}

function inFile<T>(file: string, path: string, work: (database: DatabaseSync) => T): T {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    return work(database)
  } catch (error) {
    throw databaseError(error, path)
  } finally {
    database?.close()
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version)
}
