import type { SQLInputValue } from 'node:sqlite'
import type {
  ExposureEntry,
  LabelEntry,
  MirrorEntry,
  PredictionEntry,
} from '../../core/records/index.ts'
import { SqliteDatabase, type SqliteRow } from '../database/index.ts'
import { storageErrors } from './errors.ts'
import type { ExposedPrediction, LabelledPrediction, PredictionLog } from './prediction-log.ts'

// Labels keep their history: what was known by a past moment stays answerable.
const INITIAL = `
CREATE TABLE predictions (
  id TEXT PRIMARY KEY,
  endpoint TEXT NOT NULL,
  version INTEGER NOT NULL,
  role TEXT NOT NULL,
  time_ms REAL NOT NULL,
  inputs TEXT NOT NULL,
  output TEXT NOT NULL,
  decision INTEGER,
  latency_us REAL NOT NULL,
  flags TEXT NOT NULL
) STRICT;
CREATE INDEX predictions_by_time ON predictions (endpoint, time_ms, version);
CREATE TABLE labels (
  id TEXT NOT NULL,
  time_ms REAL NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (id, time_ms)
) STRICT, WITHOUT ROWID;
`

const TRIALS = `
CREATE TABLE exposures (
  test TEXT NOT NULL,
  key TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  arm TEXT NOT NULL,
  version INTEGER NOT NULL,
  prediction TEXT NOT NULL,
  time_ms REAL NOT NULL,
  PRIMARY KEY (test, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE mirrored (
  endpoint TEXT NOT NULL,
  version INTEGER NOT NULL,
  id TEXT NOT NULL,
  time_ms REAL NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  difference REAL,
  changed INTEGER,
  stable_latency_us REAL,
  latency_us REAL,
  error TEXT
) STRICT;
CREATE INDEX mirrored_by_time ON mirrored (endpoint, version, time_ms);
`

const APPEND = `INSERT INTO predictions
(id, endpoint, version, role, time_ms, inputs, output, decision, latency_us, flags)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

const APPEND_LABEL = `INSERT INTO labels (id, time_ms, label) VALUES (?, ?, ?)
ON CONFLICT (id, time_ms) DO UPDATE SET label = excluded.label`

const APPEND_EXPOSURE = `INSERT INTO exposures
(test, key, endpoint, arm, version, prediction, time_ms)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (test, key) DO NOTHING`

const APPEND_MIRRORED = `INSERT INTO mirrored
(endpoint, version, id, time_ms, outcome, count, difference, changed, stable_latency_us, latency_us, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const MIRRORED = `SELECT * FROM mirrored
WHERE endpoint = ? AND version = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms, rowid`

const EXPOSED = `SELECT p.*, e.test, e.key, e.arm, (
  SELECT l.label FROM labels l
  WHERE l.id = p.id AND (?1 IS NULL OR l.time_ms <= ?1) ORDER BY l.time_ms DESC LIMIT 1
) AS label
FROM exposures e JOIN predictions p ON p.id = e.prediction AND p.version = e.version
WHERE e.test = ?2 AND e.time_ms < ?3
ORDER BY e.time_ms, e.key`

const WINDOW = `SELECT p.*, (
  SELECT l.label FROM labels l
  WHERE l.id = p.id AND (?1 IS NULL OR l.time_ms <= ?1) ORDER BY l.time_ms DESC LIMIT 1
) AS label
FROM predictions p
WHERE p.endpoint = ?2 AND p.time_ms >= ?3 AND p.time_ms < ?4 AND (?5 IS NULL OR p.version = ?5)
ORDER BY p.time_ms, p.rowid`

/**
 * Opens (and makes) the prediction log in one SQLite file (WAL, `synchronous = NORMAL`): an append
 * that returned survives `kill -9`; the newest may be lost when the machine loses power. A batch is
 * kept whole or not at all.
 *
 * @throws METADATA_CORRUPT, METADATA_TOO_NEW, STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED
 */
export function openPredictionLog(path: string): PredictionLog {
  return new SqlitePredictionLog(
    new SqliteDatabase({ path, migrations: [INITIAL, TRIALS], synchronous: 'NORMAL' }),
  )
}

class SqlitePredictionLog implements PredictionLog {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  append(entries: readonly PredictionEntry[], exposures: readonly ExposureEntry[] = []): void {
    if (entries.length === 0) return
    const rows = entries.map(rowOf)
    this.#database.transaction(() => {
      for (const row of rows) this.#database.run(APPEND, row)
      for (const exposure of exposures) this.#database.run(APPEND_EXPOSURE, exposureRow(exposure))
    })
  }

  exposed(options: Parameters<PredictionLog['exposed']>[0]): ExposedPrediction[] {
    const { test, toMs, labelsKnownByMs } = options
    return this.#database.all(EXPOSED, [labelsKnownByMs ?? null, test, toMs]).map((row) => {
      const prediction = entryOf(row)
      const { endpoint, version, id, timeMs } = prediction
      const arm = row.arm as ExposureEntry['arm']
      const exposure = {
        endpoint,
        test,
        key: String(row.key),
        arm,
        version,
        prediction: id,
        timeMs,
      }
      return { exposure, prediction }
    })
  }

  appendMirrored(entries: readonly MirrorEntry[]): void {
    if (entries.length === 0) return
    this.#database.transaction(() => {
      for (const entry of entries) this.#database.run(APPEND_MIRRORED, mirrorRow(entry))
    })
  }

  mirrored(options: Parameters<PredictionLog['mirrored']>[0]): MirrorEntry[] {
    const { endpoint, version, fromMs, toMs } = options
    return this.#database.all(MIRRORED, [endpoint, version, fromMs, toMs]).map(mirrorOf)
  }

  appendLabels(labels: readonly LabelEntry[]): void {
    if (labels.length === 0) return
    this.#database.transaction(() => {
      for (const { id, timeMs, label } of labels)
        this.#database.run(APPEND_LABEL, [id, timeMs, label])
    })
  }

  window(options: Parameters<PredictionLog['window']>[0]): LabelledPrediction[] {
    const { endpoint, fromMs, toMs, version, labelsKnownByMs } = options
    const known = labelsKnownByMs ?? null
    return this.#database.all(WINDOW, [known, endpoint, fromMs, toMs, version ?? null]).map(entryOf)
  }

  count(endpoint: string): number {
    const row = this.#database.get('SELECT count(*) AS n FROM predictions WHERE endpoint = ?', [
      endpoint,
    ])
    return Number(row?.n)
  }

  close(): void {
    this.#database.close()
  }
}

function rowOf(entry: PredictionEntry): SQLInputValue[] {
  // JSON would turn NaN into null without a word.
  if (!entry.output.every(Number.isFinite)) {
    const reason = `output [${entry.output.join(', ')}] holds a number that is not finite`
    throw storageErrors.ENTRY_INVALID({ store: 'prediction log', id: entry.id, reason })
  }
  return [
    entry.id,
    entry.endpoint,
    entry.version,
    entry.role,
    entry.timeMs,
    JSON.stringify(entry.inputs),
    JSON.stringify(entry.output),
    entry.decision === null ? null : Number(entry.decision),
    entry.latencyUs,
    JSON.stringify(entry.flags),
  ]
}

function entryOf(row: SqliteRow): LabelledPrediction {
  return {
    id: String(row.id),
    endpoint: String(row.endpoint),
    version: Number(row.version),
    role: row.role as PredictionEntry['role'],
    timeMs: Number(row.time_ms),
    inputs: JSON.parse(String(row.inputs)) as PredictionEntry['inputs'],
    output: JSON.parse(String(row.output)) as number[],
    decision: row.decision === null ? null : row.decision === 1,
    latencyUs: Number(row.latency_us),
    flags: JSON.parse(String(row.flags)) as string[],
    label: row.label === null ? null : String(row.label),
  }
}

function exposureRow(exposure: ExposureEntry): SQLInputValue[] {
  const { test, key, endpoint, arm, version, prediction, timeMs } = exposure
  return [test, key, endpoint, arm, version, prediction, timeMs]
}

function mirrorRow(entry: MirrorEntry): SQLInputValue[] {
  return [
    entry.endpoint,
    entry.version,
    entry.id,
    entry.timeMs,
    entry.outcome,
    entry.count,
    entry.difference,
    entry.changed === null ? null : Number(entry.changed),
    entry.stableLatencyUs,
    entry.latencyUs,
    entry.error,
  ]
}

function mirrorOf(row: SqliteRow): MirrorEntry {
  const number = (value: unknown) => (value === null ? null : Number(value))
  return {
    endpoint: String(row.endpoint),
    version: Number(row.version),
    id: String(row.id),
    timeMs: Number(row.time_ms),
    outcome: row.outcome as MirrorEntry['outcome'],
    count: Number(row.count),
    difference: number(row.difference),
    changed: row.changed === null ? null : row.changed === 1,
    stableLatencyUs: number(row.stable_latency_us),
    latencyUs: number(row.latency_us),
    error: row.error === null ? null : String(row.error),
  }
}
