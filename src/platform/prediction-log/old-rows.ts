import type { DatabaseSync } from 'node:sqlite'
import type {
  ExposureEntry,
  LabelEntry,
  MirrorEntry,
  PredictionEntry,
} from '../../core/records/index.ts'

type Row = Readonly<Record<string, unknown>>

/** A row of the log that an older version kept in SQLite. */
export type OldRow =
  | { readonly kind: 'prediction'; readonly entry: PredictionEntry }
  | { readonly kind: 'exposure'; readonly entry: ExposureEntry }
  | { readonly kind: 'label'; readonly entry: LabelEntry }
  | { readonly kind: 'mirrored'; readonly entry: MirrorEntry }

/** All rows, each table in the order of writing. */
export function* oldRows(database: DatabaseSync): Generator<OldRow> {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  const names = new Set(tables.map(({ name }) => name))
  const rows = (table: string, order: string): Iterable<Row> =>
    names.has(table) ? database.prepare(`SELECT * FROM ${table} ORDER BY ${order}`).iterate() : []
  for (const row of rows('predictions', 'rowid'))
    yield { kind: 'prediction', entry: prediction(row) }
  for (const row of rows('exposures', 'time_ms')) yield { kind: 'exposure', entry: exposure(row) }
  for (const row of rows('labels', 'time_ms')) yield { kind: 'label', entry: label(row) }
  for (const row of rows('mirrored', 'rowid')) yield { kind: 'mirrored', entry: mirrored(row) }
}

function prediction(row: Row): PredictionEntry {
  return {
    id: String(row.id),
    endpoint: String(row.endpoint),
    version: Number(row.version),
    role: row.role as PredictionEntry['role'],
    timeMs: Number(row.time_ms),
    inputs: JSON.parse(String(row.inputs)) as PredictionEntry['inputs'],
    output: JSON.parse(String(row.output)) as number[],
    decision: flag(row.decision),
    latencyUs: Number(row.latency_us),
    flags: JSON.parse(String(row.flags)) as string[],
  }
}

function exposure(row: Row): ExposureEntry {
  return {
    endpoint: String(row.endpoint),
    test: String(row.test),
    key: String(row.key),
    arm: row.arm as ExposureEntry['arm'],
    version: Number(row.version),
    prediction: String(row.prediction),
    timeMs: Number(row.time_ms),
  }
}

function label(row: Row): LabelEntry {
  return { id: String(row.id), label: String(row.label), timeMs: Number(row.time_ms) }
}

function mirrored(row: Row): MirrorEntry {
  return {
    endpoint: String(row.endpoint),
    version: Number(row.version),
    id: String(row.id),
    timeMs: Number(row.time_ms),
    outcome: row.outcome as MirrorEntry['outcome'],
    count: Number(row.count),
    difference: number(row.difference),
    changed: flag(row.changed),
    stableLatencyUs: number(row.stable_latency_us),
    latencyUs: number(row.latency_us),
    error: row.error === null ? null : String(row.error),
  }
}

function number(value: unknown): number | null {
  return value === null ? null : Number(value)
}

function flag(value: unknown): boolean | null {
  return value === null ? null : value === 1
}
