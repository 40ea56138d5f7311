import { DatabaseSync } from 'node:sqlite'
import { openOnlineStore } from './sqlite-online-store.ts'

export interface CopyOnlineViewsOptions {
  /** File of an online store. */
  readonly from: string
  /** File of another one, made when it is not there. */
  readonly to: string
  readonly views: readonly string[]
  /**
   * Leaves one file that can be read where nothing can be written; equal rows give equal bytes.
   * @default false
   */
  readonly isFinal?: boolean
}

/**
 * Brings the rows of feature views from one embedded online store into another one, in one
 * transaction. As with `put`, an older event never replaces a newer one.
 * @returns how many rows were brought
 */
export async function copyOnlineViews(options: CopyOnlineViewsOptions): Promise<number> {
  const { from, to, views, isFinal = false } = options
  // Makes the tables, or brings those of an earlier release up to date.
  await openOnlineStore(to).close()
  const database = new DatabaseSync(to, { timeout: 10_000 })
  try {
    database.prepare('ATTACH DATABASE ? AS source').run(from)
    const { changes } = database
      .prepare(
        `INSERT INTO main.feature_rows (view, keys, feature_values, event_time_ms)
        SELECT view, keys, feature_values, event_time_ms FROM source.feature_rows
        WHERE view IN (SELECT value FROM json_each(?)) ORDER BY view, keys
        ON CONFLICT (view, keys) DO UPDATE
        SET feature_values = excluded.feature_values, event_time_ms = excluded.event_time_ms
        WHERE excluded.event_time_ms > feature_rows.event_time_ms`,
      )
      .run(JSON.stringify(views))
    database.exec('DETACH DATABASE source')
    if (isFinal) database.exec('PRAGMA journal_mode = DELETE; VACUUM')
    return Number(changes)
  } finally {
    database.close()
  }
}
