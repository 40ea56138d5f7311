import { SqliteDatabase } from '../database/index.ts'
import { checkedEventTime, keyText, valuesText } from './online-row-text.ts'
import type { OnlineRequest, OnlineRow, OnlineStore } from './online-store.ts'
import { SqliteOnlineReader } from './sqlite-online-reader.ts'

const INITIAL = `
CREATE TABLE feature_rows (
  view TEXT NOT NULL,
  keys TEXT NOT NULL,
  feature_values TEXT NOT NULL,
  event_time_ms INTEGER NOT NULL,
  PRIMARY KEY (view, keys)
) STRICT, WITHOUT ROWID;
`

const PUT = `INSERT INTO feature_rows (view, keys, feature_values, event_time_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (view, keys) DO UPDATE
SET feature_values = excluded.feature_values, event_time_ms = excluded.event_time_ms
WHERE excluded.event_time_ms >= feature_rows.event_time_ms`

/**
 * Opens (and makes) the online features in one SQLite file (WAL, `synchronous = NORMAL`): a write
 * that returned survives `kill -9`; the newest may be lost when the machine loses power, and are
 * then published again from the feature tables. All rows of a `put` are written, or none.
 *
 * A look-up is answered at once, in the caller's turn of the event loop. Up to 50,000 entities, and
 * some 32 MiB of them, are kept in memory until anybody commits anything to the file. Whether that
 * happened is asked once in a round of the event loop: a write through this store is seen by its
 * next read, one of another connection or process by reads from the next round on.
 *
 * @throws METADATA_CORRUPT, METADATA_TOO_NEW, STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED
 */
export function openOnlineStore(path: string): OnlineStore {
  return new SqliteOnlineStore(path)
}

class SqliteOnlineStore implements OnlineStore {
  readonly #database: SqliteDatabase
  readonly #reader: SqliteOnlineReader

  constructor(path: string) {
    this.#database = new SqliteDatabase({ path, migrations: [INITIAL], synchronous: 'NORMAL' })
    this.#reader = new SqliteOnlineReader(path)
  }

  async read(requests: readonly OnlineRequest[]): Promise<readonly (OnlineRow | undefined)[]> {
    return this.#reader.read(requests)
  }

  readNow(requests: readonly OnlineRequest[]): readonly (OnlineRow | undefined)[] {
    return this.#reader.read(requests)
  }

  async put(view: string, rows: readonly OnlineRow[]): Promise<void> {
    if (rows.length === 0) return
    const texts = rows.map((row) => [
      view,
      keyText(view, row.keys),
      valuesText(view, row.values),
      checkedEventTime(view, row.eventTimeMs),
    ])
    try {
      this.#database.transaction(() => {
        for (const text of texts) this.#database.run(PUT, text)
      })
    } finally {
      this.#reader.distrust()
    }
  }

  async clear(view: string): Promise<void> {
    try {
      this.#database.run('DELETE FROM feature_rows WHERE view = ?', [view])
    } finally {
      this.#reader.distrust()
    }
  }

  async count(view: string): Promise<number> {
    const row = this.#database.get('SELECT count(*) AS n FROM feature_rows WHERE view = ?', [view])
    return Number(row?.n)
  }

  async close(): Promise<void> {
    this.#reader.close()
    this.#database.close()
  }
}
