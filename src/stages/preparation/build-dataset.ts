import { contentId } from '../../core/identity/index.ts'
import type {
  ArtifactRef,
  DatasetDefinition,
  DatasetRecord,
  Entity,
  FeatureView,
  Problem,
  Snapshot,
} from '../../core/records/index.ts'
import {
  type ArtifactStore,
  quoteIdentifier,
  quoteLiteral,
  type TableColumn,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { engineReason, instantSql, profileTable, requireColumns } from '../collection/index.ts'
import { checkInputs } from './check-inputs.ts'
import { type DatasetColumns, resolveDatasetColumns } from './dataset-columns.ts'
import { errors } from './errors.ts'
import { inputKind } from './input-kind.ts'
import { type Classes, resolveClasses } from './target.ts'

export interface DatasetOptions {
  readonly definition: DatasetDefinition
  readonly problem: Problem
  /** With these, the keys of the feature views that the dataset uses are looked for too. */
  readonly entities?: Readonly<Record<string, Entity>>
  readonly views?: Readonly<Record<string, FeatureView>>
  /** By source name; each is a view of that name in the definition's SQL. */
  readonly snapshots: Readonly<Record<string, Snapshot>>
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  /** The data horizon; rows asked or labelled at or after it are left out. Null: all. */
  readonly asOfMs: number | null
}

type Dropped = DatasetRecord['dropped']

/**
 * One row per decision, with its label, in order of prediction time and id: `FRAME_COLUMNS` and
 * all columns of the SQL as they are.
 *
 * @throws DATASET_SQL_INVALID, DATASET_EMPTY, DATASET_COLUMN_RESERVED, DATASET_ID_INVALID,
 *   DATASET_TIME_INVALID, COLUMN_NOT_FOUND, INPUT_TYPE_UNFIT, INPUT_INFINITE, INPUT_ALL_MISSING,
 *   TARGET_UNDECLARED, TARGET_TYPE_UNFIT, TARGET_HAS_ONE_CLASS, TARGET_HAS_MANY_CLASSES,
 *   POSITIVE_CLASS_UNKNOWN
 */
export async function buildDataset(options: DatasetOptions): Promise<DatasetRecord> {
  const { definition, problem, engine, artifacts } = options
  const work = artifacts.temporaryFolder()
  try {
    const written = await runSql(options, `${work.path}/sql.parquet`)
    const columns = resolveDatasetColumns(definition, problem, written.columns)
    requireKeys(options, written.columns)
    const all = `(${frameSelect(columns, written.from)})`
    const rules = dropRules(options)
    const dropped = await countDropped(engine, all, rules)
    const kept = `${work.path}/dataset.parquet`
    const rows = await engine.writeParquet(
      `SELECT * EXCLUDE (__dropped) FROM (SELECT *, ${droppedSql(rules)} AS __dropped FROM ${all})
       WHERE __dropped IS NULL ORDER BY __prediction_time, __id`,
      kept,
    )
    if (rows === 0) throw errors.DATASET_EMPTY({ dropped: droppedText(dropped) })
    const labels = await checkRows(options, columns, fileView(kept))
    const profile = await profileTable({ engine, from: fileView(kept) })
    const newestPredictionTime = await newestTime(engine, fileView(kept))
    const table = await artifacts.putFile(kept, { name: 'dataset.parquet', move: true })
    return {
      id: datasetId(options, table, labels),
      table,
      rows,
      dropped,
      ...labels,
      columns: profile,
      newestPredictionTime,
    }
  } finally {
    work.dispose()
  }
}

function fileView(path: string): string {
  return `read_parquet(${quoteLiteral(path)})`
}

/** Runs the definition's SQL once; what follows reads its rows. */
async function runSql(
  { definition, snapshots, engine, artifacts }: DatasetOptions,
  path: string,
): Promise<{ from: string; columns: TableColumn[] }> {
  for (const [name, snapshot] of Object.entries(snapshots)) {
    await engine.register(name, artifacts.pathOf(snapshot.table.digest))
  }
  const sql = definition.sql.trim().replace(/;+$/, '')
  try {
    await engine.writeParquet(sql, path)
  } catch (error) {
    const reason = engineReason(error)
    throw errors.DATASET_SQL_INVALID({ reason, sources: Object.keys(snapshots) }, error)
  }
  const from = fileView(path)
  return { from, columns: await engine.describe(`SELECT * FROM ${from}`) }
}

function requireKeys(options: DatasetOptions, columns: readonly TableColumn[]): void {
  const known = columns.map((column) => column.name)
  for (const written of options.definition.features) {
    const name = written.split('.')[0] ?? written
    const entity = options.views?.[name]?.entity
    const keys = entity === undefined ? undefined : options.entities?.[entity]?.keys
    const where = `dataset, key of feature view "${name}"`
    requireColumns({ where, columns: keys ?? [], known })
  }
}

function frameSelect({ all, frame }: DatasetColumns, from: string): string {
  const target = frame.target === null ? '' : `${frame.target} AS __target, `
  const columns = all.map(({ name }) => quoteIdentifier(name)).join(', ')
  return `SELECT ${frame.id} AS __id, ${frame.predictionTime} AS __prediction_time,
    ${frame.labelTime} AS __label_time, ${target}${frame.group} AS __group, ${columns} FROM ${from}`
}

interface DropRule {
  readonly why: string
  readonly condition: string
}

/** Why a row is left out; the first that holds is the one that is counted. */
function dropRules({ definition, problem, asOfMs }: DatasetOptions): DropRule[] {
  const rules: DropRule[] = []
  if (definition.predictionTime !== undefined) {
    rules.push({ why: 'prediction time is missing', condition: '__prediction_time IS NULL' })
    if (asOfMs !== null) {
      const condition = `__prediction_time >= ${instantSql(asOfMs)}`
      rules.push({ why: 'prediction time is not before the data horizon', condition })
    }
  }
  if (problem.type !== 'clustering') {
    rules.push({ why: 'label is missing', condition: '__target IS NULL' })
    if (definition.labelTime !== undefined) {
      const horizon = asOfMs === null ? '' : ` OR __label_time >= ${instantSql(asOfMs)}`
      const condition = `__label_time IS NULL${horizon}`
      rules.push({ why: 'label is not known at the data horizon', condition })
    }
  }
  return rules
}

function droppedSql(rules: readonly DropRule[]): string {
  if (rules.length === 0) return 'NULL::INTEGER'
  const cases = rules.map(({ condition }, index) => `WHEN ${condition} THEN ${index}`)
  return `CASE ${cases.join(' ')} END`
}

async function countDropped(
  engine: TableEngine,
  from: string,
  rules: readonly DropRule[],
): Promise<Dropped> {
  const counts = await engine.query<{ rule: number; rows: number }>(
    `SELECT ${droppedSql(rules)} AS rule, count(*) AS rows FROM ${from} GROUP BY 1 HAVING rule IS NOT NULL ORDER BY 1`,
  )
  return counts.map(({ rule, rows }) => ({ why: rules[rule]?.why ?? 'unknown', rows }))
}

function droppedText(dropped: Dropped): string {
  return dropped.map(({ why, rows }) => `${rows} because ${why}`).join(', ')
}

async function checkRows(
  { definition, problem, engine }: DatasetOptions,
  columns: DatasetColumns,
  from: string,
): Promise<Classes> {
  await checkIds(engine, definition.id, from)
  const types = new Map(columns.all.map((column) => [column.name, column.type]))
  const inputs = definition.inputs.map((name) => {
    return { name, kind: inputKind(name, types.get(name) ?? 'VARCHAR') }
  })
  await checkInputs({ engine, from, inputs, part: 'the dataset' })
  if (problem.type === 'clustering') return { classes: [], positiveClass: null }
  const column = problem.target ?? ''
  if (problem.type === 'regression') {
    const target = { name: '__target', kind: 'number' } as const
    await checkInputs({ engine, from, inputs: [target], part: 'the dataset' })
    return { classes: [], positiveClass: null }
  }
  return resolveClasses({ engine, problem, column, from })
}

async function checkIds(engine: TableEngine, column: string, from: string): Promise<void> {
  const [row] = await engine.query<{ nulls: number; repeated: number; example: string | null }>(
    `SELECT coalesce(sum(n) FILTER (__id IS NULL), 0) AS nulls,
       coalesce(sum(n) FILTER (__id IS NOT NULL AND n > 1), 0) AS repeated,
       min(__id) FILTER (n > 1) AS example
     FROM (SELECT __id, count(*) AS n FROM ${from} GROUP BY 1)`,
  )
  const { nulls = 0, repeated = 0, example = null } = row ?? {}
  if (nulls + repeated === 0) return
  throw errors.DATASET_ID_INVALID({ column, nulls, repeated, example: example ?? '' })
}

async function newestTime(engine: TableEngine, from: string): Promise<string | null> {
  const [row] = await engine.query<{ newest: string | null }>(
    `SELECT max(__prediction_time) AS newest FROM ${from}`,
  )
  return row?.newest ?? null
}

function datasetId(options: DatasetOptions, table: ArtifactRef, labels: Classes): string {
  const { type, target } = options.problem
  const { inputs, keep, predictionTime, labelTime, id } = options.definition
  const columns = { inputs, keep, predictionTime, labelTime, id }
  return contentId('dataset', { table: table.digest, columns, type, target, ...labels })
}
