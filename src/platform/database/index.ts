export type { Actor, Change, ChangeListener } from './changes.ts'
export type { Database, Dialect, Queries, Transaction } from './database.ts'
export { redactDatabaseUrl } from './database-url.ts'
export { databaseErrors } from './errors.ts'
export {
  type MigrateOptions,
  type MigrationPlan,
  type MigrationReport,
  migrateDatabase,
  planMigrations,
} from './migrate-database.ts'
export { MIGRATIONS, type Migration } from './migrations/index.ts'
export { type OpenDatabaseOptions, openDatabase } from './open-database.ts'
export { SqliteDatabase, type SqliteRow } from './sqlite-database.ts'
export { databaseError as sqliteError } from './sqlite-errors.ts'
export type { DatabaseTables } from './tables/index.ts'
