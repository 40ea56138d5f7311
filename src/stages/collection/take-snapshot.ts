import type { ArtifactRef, Snapshot, Source } from '../../core/records/index.ts'
import { type Clock, isoTime, systemClock } from '../../core/time/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import { errors } from './errors.ts'
import type { RawTable } from './fetch-raw.ts'
import { profileTable } from './profile-table.ts'
import { type JudgedRows, judgeRows } from './quarantine.ts'
import { requireColumns } from './require-columns.ts'
import { createSnapshotView, type SnapshotView } from './snapshot-view.ts'
import { judgeTableRules } from './table-rules.ts'

export interface SnapshotOptions {
  readonly name: string
  readonly source: Source
  readonly raw: RawTable
  /** The data horizon: rows known at or after it do not exist. Null: all rows. */
  readonly asOfMs: number | null
  /** Snapshots of the sources that this one's expectations refer to (see `sourceOrder`). */
  readonly references: Readonly<Record<string, Snapshot>>
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  /** What "now" is for freshness when there is no horizon. */
  readonly clock?: Clock
}

/**
 * Turns fetched rows into an immutable snapshot: what was known at the horizon, without the rows
 * that break an expectation, and a profile of every column.
 *
 * @throws COLUMN_NOT_FOUND, SNAPSHOT_EMPTY, EXPECTATION_BROKEN, EXPECTATION_INVALID,
 *   EXPECTATION_SOURCE_NOT_FOUND, COLLECTION_TOLERANCE_EXCEEDED
 */
export async function takeSnapshot(options: SnapshotOptions): Promise<Snapshot> {
  const { name, source, raw, asOfMs, engine, artifacts } = options
  const rawView = `__raw_${name}`
  await engine.register(rawView, artifacts.pathOf(raw.table.digest))
  const view = await createSnapshotView({ ...options, rawView, view: `__known_${name}` })
  const rows = await countRows(engine, view.from)
  const nowMs = asOfMs ?? (options.clock ?? systemClock).now()
  const expectations = source.expectations
  const tableResults = await judgeTableRules({ name, expectations, view, rows, engine, nowMs })
  requireRows(options, rows)
  const work = artifacts.temporaryFolder()
  try {
    const types = new Map(view.columns.map((column) => [column.name, column.type]))
    const viewOf = await registerReferences(options, `__known_${name}`)
    const context = { types, viewOf: (of: string) => viewOf.get(of) ?? of }
    const judge = { name, expectations, view, rows, context, engine, artifacts }
    const judged = await judgeRows({ ...judge, folder: work.path })
    requireTolerance(options, judged, rows)
    const table = await keepTable(options, { view, judged, folder: work.path })
    const from = `read_parquet('${artifacts.pathOf(table.digest).replaceAll("'", "''")}')`
    return {
      source: name,
      kind: source.kind,
      origin: raw.origin,
      table,
      rows: rows - judged.quarantined,
      columns: await profileTable({ engine, from, hidden: source.personalData }),
      expectations: inWrittenOrder(options, [...tableResults, ...judged.results]),
      quarantined: { rows: judged.quarantined, table: judged.table },
      asOf: asOfMs === null ? null : isoTime(asOfMs),
      newestKnownAt: await newestKnownAt(engine, view),
    }
  } finally {
    work.dispose()
  }
}

async function countRows(engine: TableEngine, from: string): Promise<number> {
  const [row] = await engine.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${from}`)
  return row?.rows ?? 0
}

function requireRows({ name, source, raw, asOfMs }: SnapshotOptions, rows: number): void {
  const mayBeEmpty = source.expectations.some(
    (rule) => rule.expect === 'row-count' && rule.min === 0,
  )
  if (rows > 0 || mayBeEmpty) return
  const asOf = asOfMs === null ? null : isoTime(asOfMs)
  throw errors.SNAPSHOT_EMPTY({ source: name, fetched: raw.rows, asOf })
}

/** Views of the sources that expectations refer to, by source. */
async function registerReferences(
  options: SnapshotOptions,
  own: string,
): Promise<Map<string, string>> {
  const { name, source, references, engine, artifacts } = options
  const views = new Map([[name, own]])
  for (const rule of source.expectations) {
    if (rule.expect !== 'reference' || rule.source === name) continue
    const expectation = rule.name ?? `reference ${rule.column}`
    const snapshot = references[rule.source]
    if (snapshot === undefined) {
      const known = Object.keys(references)
      const reference = rule.source
      throw errors.EXPECTATION_SOURCE_NOT_FOUND({ source: name, expectation, reference, known })
    }
    requireColumns({
      where: `source "${rule.source}", which source "${name}" refers to in "${expectation}"`,
      columns: [rule.sourceColumn],
      known: snapshot.columns.map((column) => column.name),
    })
    const view = `__reference_${rule.source}`
    await engine.register(view, artifacts.pathOf(snapshot.table.digest))
    views.set(rule.source, view)
  }
  return views
}

function requireTolerance(options: SnapshotOptions, judged: JudgedRows, rows: number): void {
  const { name, source, artifacts } = options
  if (judged.table === null || judged.quarantined <= source.tolerance * rows) return
  throw errors.COLLECTION_TOLERANCE_EXCEEDED({
    source: name,
    quarantined: judged.quarantined,
    rows,
    tolerance: source.tolerance,
    rules: judged.results
      .filter((result) => !result.passed)
      .map((result) => `${result.name}: ${result.failures}`),
    file: artifacts.pathOf(judged.table.digest),
  })
}

async function keepTable(
  { name, raw, engine, artifacts }: SnapshotOptions,
  rows: { readonly view: SnapshotView; readonly judged: JudgedRows; readonly folder: string },
): Promise<ArtifactRef> {
  const file = `${name}.parquet`
  // Nothing was left out or changed: the fetched file is the snapshot.
  if (rows.view.untouched && rows.judged.quarantined === 0) return { ...raw.table, name: file }
  const path = `${rows.folder}/kept.parquet`
  await engine.writeParquet(rows.judged.kept, path)
  return artifacts.putFile(path, { name: file, move: true })
}

function inWrittenOrder(
  { source }: SnapshotOptions,
  results: readonly Snapshot['expectations'][number][],
): Snapshot['expectations'] {
  const isTable = (kind: string) => kind === 'row-count' || kind === 'freshness'
  const table = results.filter((result) => isTable(result.expect))
  const rows = results.filter((result) => !isTable(result.expect))
  return source.expectations.flatMap(
    (rule) => (isTable(rule.expect) ? table.shift() : rows.shift()) ?? [],
  )
}

async function newestKnownAt(engine: TableEngine, view: SnapshotView): Promise<string | null> {
  if (view.knownAt === undefined) return null
  const [row] = await engine.query<{ newest: string | null }>(
    `SELECT max(${view.knownAt}) AS newest FROM ${view.from}`,
  )
  return row?.newest ?? null
}
