import { SqliteDatabase } from '../database/index.ts'
import { checkedEventTime, keyText, valuesText } from './online-row-text.ts'
import type { FeatureValue, OnlineRequest, OnlineRow, OnlineStore } from './online-store.ts'
import { SqliteRowReader } from './sqlite-row-reader.ts'

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
const GET = 'SELECT feature_values, event_time_ms FROM feature_rows WHERE view = ? AND keys = ?'

/**
 * Opens (and makes) the online features in one SQLite file (WAL, `synchronous = NORMAL`): a write
 * that returned survives `kill -9`; the newest may be lost when the machine loses power, and are
 * then published again from the feature tables. All rows of a `put` are written, or none.
 *
 * A look-up is answered at once, in the caller's turn of the event loop.
 *
 * @throws METADATA_CORRUPT, METADATA_TOO_NEW, STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED
 */
export function openOnlineStore(path: string): OnlineStore {
  return new SqliteOnlineStore(path)
}

class SqliteOnlineStore implements OnlineStore {
  readonly #database: SqliteDatabase
  readonly #reader: SqliteRowReader

  constructor(path: string) {
    this.#database = new SqliteDatabase({ path, migrations: [INITIAL], synchronous: 'NORMAL' })
    this.#reader = new SqliteRowReader(path, GET)
  }

  async read(requests: readonly OnlineRequest[]): Promise<(OnlineRow | undefined)[]> {
    const places = requests.map(({ view, keys }) => [view, keyText(view, keys)] as const)
    return this.#reader.read(places).map(
      (row, i) =>
        row && {
          keys: requests[i]?.keys ?? [],
          values: JSON.parse(row.feature_values as string) as Record<string, FeatureValue>,
          eventTimeMs: row.event_time_ms as number,
        },
    )
  }

  async put(view: string, rows: readonly OnlineRow[]): Promise<void> {
    if (rows.length === 0) return
    const texts = rows.map((row) => [
      view,
      keyText(view, row.keys),
      valuesText(view, row.values),
      checkedEventTime(view, row.eventTimeMs),
    ])
    this.#database.transaction(() => {
      for (const text of texts) this.#database.run(PUT, text)
    })
  }

  async clear(view: string): Promise<void> {
    this.#database.run('DELETE FROM feature_rows WHERE view = ?', [view])
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
