import { canonicalJson } from '../../core/identity/index.ts'
import { SqliteDatabase } from '../database/index.ts'
import { storageErrors } from './errors.ts'
import type { FeatureValue, OnlineRow, OnlineStore } from './online-store.ts'
import type { SqlValue } from './table-engine.ts'

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
 * then published again from the feature tables. Of two rows with one event time the later written
 * stands. Keys `1` and `1n` are the same key, `'1'` is another.
 *
 * @throws METADATA_CORRUPT, METADATA_TOO_NEW, STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED
 */
export function openOnlineStore(path: string): OnlineStore {
  return new SqliteOnlineStore(
    new SqliteDatabase({ path, migrations: [INITIAL], synchronous: 'NORMAL' }),
  )
}

class SqliteOnlineStore implements OnlineStore {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  put(view: string, rows: readonly OnlineRow[]): void {
    if (rows.length === 0) return
    const texts = rows.map((row) => [
      view,
      keyText(view, row.keys),
      valuesText(view, row.values),
      eventTime(view, row.eventTimeMs),
    ])
    this.#database.transaction(() => {
      for (const text of texts) this.#database.run(PUT, text)
    })
  }

  get(view: string, keys: readonly SqlValue[]): OnlineRow | undefined {
    const row = this.#database.get(GET, [view, keyText(view, keys)])
    if (row === undefined) return undefined
    return {
      keys,
      values: JSON.parse(String(row.feature_values)) as Record<string, FeatureValue>,
      eventTimeMs: Number(row.event_time_ms),
    }
  }

  clear(view: string): void {
    this.#database.run('DELETE FROM feature_rows WHERE view = ?', [view])
  }

  count(view: string): number {
    const row = this.#database.get('SELECT count(*) AS n FROM feature_rows WHERE view = ?', [view])
    return Number(row?.n)
  }

  close(): void {
    this.#database.close()
  }
}

function keyText(view: string, keys: readonly SqlValue[]): string {
  return text(view, keys.map(plainKey))
}

/** A whole number is the same key whether it came as number or bigint. */
function plainKey(key: SqlValue): unknown {
  if (typeof key !== 'bigint') return key
  const number = Number(key)
  return Number.isSafeInteger(number) ? number : { bigint: key.toString() }
}

function valuesText(view: string, values: OnlineRow['values']): string {
  // NaN is how a missing number looks in memory; null is how it is kept.
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'number' && Number.isNaN(value) ? null : value,
  ])
  return text(view, Object.fromEntries(entries))
}

function eventTime(view: string, ms: number): number {
  if (Number.isSafeInteger(ms)) return ms
  throw invalid(view, `event time ${ms} is no whole number of milliseconds`)
}

function text(view: string, value: unknown): string {
  try {
    return canonicalJson(value)
  } catch (error) {
    throw invalid(view, error instanceof Error ? error.message : String(error), error)
  }
}

function invalid(view: string, reason: string, cause?: unknown): Error {
  return storageErrors.ENTRY_INVALID({ store: 'online store', id: view, reason }, cause)
}
