import type {
  Entity,
  FeatureTable,
  FeatureView,
  InputColumn,
  Snapshot,
} from '../../core/records/index.ts'
import {
  type ArtifactStore,
  quoteIdentifier,
  quoteLiteral,
  type TableColumn,
  type TableEngine,
} from '../../platform/storage/index.ts'
import {
  engineReason,
  isTimeType,
  profileTable,
  requireColumns,
  timeSql,
} from '../collection/index.ts'
import { checkInputs, inputKind, inputSql } from '../preparation/index.ts'
import { errors } from './errors.ts'
import { EVENT_TIME } from './feature-names.ts'

export interface FeatureViewOptions {
  readonly name: string
  readonly view: FeatureView
  readonly entity: Entity
  /** By source name; each is a view of that name in the definition's SQL. */
  readonly snapshots: Readonly<Record<string, Snapshot>>
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}

/**
 * A feature view over all history: the entity's keys as they are, `__event_time`, and the features
 * as DOUBLE or VARCHAR under their own names, in order of event time and keys.
 *
 * A row without a key or an event time says nothing about any entity and is left out. Of several
 * rows with the same keys and event time the one with the greatest values stays. Event times are
 * rounded up to whole milliseconds, so that a value is never seen too early.
 *
 * @throws FEATURE_SQL_INVALID, FEATURE_TIME_INVALID, FEATURES_MISSING, FEATURE_VIEW_EMPTY,
 *   COLUMN_NOT_FOUND, INPUT_TYPE_UNFIT, INPUT_INFINITE, INPUT_ALL_MISSING
 */
export async function computeFeatureView(options: FeatureViewOptions): Promise<FeatureTable> {
  const { name, view, entity, engine, artifacts } = options
  const work = artifacts.temporaryFolder()
  try {
    const raw = `${work.path}/sql.parquet`
    await runSql(options, raw)
    const from = `read_parquet(${quoteLiteral(raw)})`
    const described = await engine.describe(`SELECT * FROM ${from}`)
    const features = resolveFeatures(options, described)
    const path = `${work.path}/view.parquet`
    const rows = await engine.writeParquet(tableSql(options, described, { from, features }), path)
    if (rows === 0) throw errors.FEATURE_VIEW_EMPTY({ view: name })
    const written = `read_parquet(${quoteLiteral(path)})`
    await checkInputs({ engine, from: written, inputs: features, part: `view "${name}"` })
    const columns = await profileTable({ engine, from: written })
    const [newest] = await engine.query<{ time: string }>(
      `SELECT max(${EVENT_TIME}) AS time FROM ${written}`,
    )
    const table = await artifacts.putFile(path, { name: `${name}.parquet`, move: true })
    return {
      view: name,
      entity: view.entity,
      keys: entity.keys,
      features,
      table,
      rows,
      columns,
      newestEventTime: newest?.time ?? null,
    }
  } finally {
    work.dispose()
  }
}

async function runSql(
  { name, view, snapshots, engine, artifacts }: FeatureViewOptions,
  path: string,
): Promise<void> {
  for (const [source, snapshot] of Object.entries(snapshots)) {
    await engine.register(source, artifacts.pathOf(snapshot.table.digest))
  }
  try {
    await engine.writeParquet(view.sql.trim().replace(/;+$/, ''), path)
  } catch (error) {
    const reason = engineReason(error)
    throw errors.FEATURE_SQL_INVALID({ view: name, reason, sources: Object.keys(snapshots) }, error)
  }
}

function resolveFeatures(
  { name, view, entity }: FeatureViewOptions,
  described: readonly TableColumn[],
): InputColumn[] {
  const known = described.map((column) => column.name)
  const require = (role: string, columns: readonly string[]) =>
    requireColumns({ where: `feature view "${name}", ${role}`, columns, known })
  require(`keys of entity "${view.entity}"`, entity.keys)
  require('eventTime', [view.eventTime])
  require('features', view.features ?? [])
  const type = typeOf(described, view.eventTime)
  if (!isTimeType(type)) {
    throw errors.FEATURE_TIME_INVALID({ view: name, column: view.eventTime, got: type })
  }
  const others = known.filter(
    (column) => column !== view.eventTime && !entity.keys.includes(column),
  )
  const features = view.features ?? others
  if (features.length === 0) throw errors.FEATURES_MISSING({ view: name })
  return features.map((feature) => {
    const kind = inputKind(`${name}.${feature}`, typeOf(described, feature))
    return { name: feature, kind, view: name }
  })
}

function typeOf(described: readonly TableColumn[], column: string): string {
  return described.find(({ name }) => name === column)?.type ?? 'VARCHAR'
}

function tableSql(
  { view, entity }: FeatureViewOptions,
  described: readonly TableColumn[],
  table: { readonly from: string; readonly features: readonly InputColumn[] },
): string {
  const keys = entity.keys.map(quoteIdentifier)
  const time = timeSql(quoteIdentifier(view.eventTime), typeOf(described, view.eventTime))
  const rounded = `date_trunc('milliseconds', ${time} + INTERVAL 999 MICROSECONDS)`
  const names = table.features.map(({ name }) => name)
  // A key may also be a feature; then it stands in the table once, as the key.
  const values = names.filter((name) => !entity.keys.includes(name))
  const select = values.map(
    (name) => `${inputSql(name, typeOf(described, name))} AS ${quoteIdentifier(name)}`,
  )
  const present = [...keys, EVENT_TIME].map((column) => `${column} IS NOT NULL`).join(' AND ')
  const greatest = names.map((name) => `${quoteIdentifier(name)} DESC NULLS LAST`).join(', ')
  return `SELECT * FROM (SELECT ${[...keys, `${rounded} AS ${EVENT_TIME}`, ...select].join(', ')} FROM ${table.from})
    WHERE ${present}
    QUALIFY row_number() OVER (PARTITION BY ${[...keys, EVENT_TIME].join(', ')} ORDER BY ${greatest}) = 1
    ORDER BY ${[EVENT_TIME, ...keys].join(', ')}`
}
