import { join } from 'node:path'
import type { FeatureTable, Project } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import {
  type ColumnValues,
  type OnlineStore,
  quoteIdentifier,
  quoteLiteral,
  type TableEngine,
} from '../../platform/storage/index.ts'
import {
  askOnline,
  judgeOnline,
  type OnlineView,
  onlineColumns,
  pointInTimeJoinSql,
  type ViewToJoin,
} from '../../stages/features/index.ts'
import type { Cell } from '../../stages/serving/index.ts'
import type { Stretch } from './read-stretch.ts'
import { writeLines } from './write-lines.ts'

/** Looked-up values of a stretch. */
export interface StretchFeatures {
  /** By the model's input. */
  readonly cells: Readonly<Record<string, readonly Cell[]>>
  /** A feature view without a usable value, by row. */
  readonly lacking: ReadonlyMap<number, string>
}

export type LookUpFeatures = (stretch: Stretch) => Promise<StretchFeatures>

/**
 * Features by entity key from the online store, by the gateway's rules; without their deadline,
 * since nobody waits for a row of a file.
 * @param usesDefaults missing and stale features become the view's defaults
 */
export function onlineFeatures(
  online: OnlineStore,
  views: readonly OnlineView[],
  usesDefaults: boolean,
): LookUpFeatures {
  return async (stretch) => {
    const question = askOnline(views, stretch.rows, (key) => stretch.cells[key])
    const found = await online.read(question.requests)
    const lookups = judgeOnline(question, found, stretch.timesMs)
    const lacking = new Map<number, string>()
    for (const { view, status } of lookups.toReversed()) {
      for (const [row, standing] of status.entries()) {
        if (standing !== 'found') lacking.set(row, view.view)
      }
    }
    return { cells: Object.fromEntries(onlineColumns(lookups, () => usesDefaults)), lacking }
  }
}

export interface FeatureHistory {
  readonly engine: TableEngine
  /** For the keys of a stretch; the caller removes it. */
  readonly folder: string
  readonly project: Project
  /** Missing and stale features become the view's defaults. */
  readonly usesDefaults: boolean
  /** Whole history by view, and where its file is. */
  readonly tables: ReadonlyMap<string, { readonly table: FeatureTable; readonly path: string }>
}

/** Features as they were known at each row's own time, from the history of each view. */
export function historicFeatures(
  history: FeatureHistory,
  views: readonly OnlineView[],
): LookUpFeatures {
  const { engine, folder } = history
  const keyNames = [...new Set(views.flatMap((view) => view.keys))]
  const joined = views.flatMap((view) => joinOf(history, view, keyNames) ?? [])
  const lines = join(folder, 'keys.jsonl')
  const keys = join(folder, 'keys.parquet')
  const asked = askedSql(lines, keyNames, joined)
  const sql = pointInTimeJoinSql({
    from: `read_parquet(${quoteLiteral(keys)})`,
    views: joined.map((one) => one.view),
  })
  return async (stretch) => {
    await writeLines(lines, stretch.rows, (row) => ({
      place: row,
      asked_ms: stretch.timesMs[row],
      ...Object.fromEntries(
        keyNames.map((name, i) => [`key${i}`, textOf(stretch.cells[name]?.[row])]),
      ),
    }))
    // The engine knows nothing of the size of JSON, and plans a join with it hundreds of times slower.
    await engine.writeParquet(asked, keys)
    const columns = await engine.columns(`SELECT * FROM ${sql} ORDER BY __position`)
    return featuresOf(columns, views, { rows: stretch.rows, usesDefaults: history.usesDefaults })
  }
}

interface JoinedView {
  readonly view: ViewToJoin
  /** The view's keys from the asked ones, in the types of its history. */
  readonly keys: readonly string[]
}

function joinOf(
  { tables, project }: FeatureHistory,
  view: OnlineView,
  keyNames: readonly string[],
): JoinedView | undefined {
  const found = tables.get(view.view)
  const definition = project.featureViews[view.view]
  if (found === undefined || definition === undefined) return undefined
  const keys = view.keys.map((key) => ({ left: `${view.view}.${key}`, right: key }))
  return {
    view: {
      view: view.view,
      from: `read_parquet(${quoteLiteral(found.path)})`,
      keys,
      features: view.inputs,
      availabilityDelayMs: durationMs(definition.availabilityDelay),
      timeToLiveMs: view.timeToLiveMs,
    },
    keys: keys.map(({ left, right }) => {
      const type = found.table.columns.find(({ name }) => name === right)?.type ?? 'VARCHAR'
      return `TRY_CAST(key${keyNames.indexOf(right)} AS ${type}) AS ${quoteIdentifier(left)}`
    }),
  }
}

/** The rows of a stretch with their times and keys, ready to be joined. */
function askedSql(
  path: string,
  keyNames: readonly string[],
  joined: readonly JoinedView[],
): string {
  const types = [
    "place: 'BIGINT'",
    "asked_ms: 'BIGINT'",
    ...keyNames.map((_, i) => `key${i}: 'VARCHAR'`),
  ]
  return `SELECT place AS __position, make_timestamp(asked_ms * 1000) AS __prediction_time,
    ${joined.flatMap(({ keys }) => keys).join(', ')}
    FROM read_json(${quoteLiteral(path)}, format = 'newline_delimited', columns = {${types.join(', ')}})`
}

function textOf(cell: Cell | undefined): string | null {
  return cell === undefined || cell === null ? null : String(cell)
}

function featuresOf(
  columns: Readonly<Record<string, ColumnValues>>,
  views: readonly OnlineView[],
  { rows, usesDefaults }: { readonly rows: number; readonly usesDefaults: boolean },
): StretchFeatures {
  const cells: Record<string, readonly Cell[]> = {}
  const lacking = new Map<number, string>()
  for (const view of views) {
    const times = columns[`__event_time__${view.view}`]?.values
    const isLacking = Array.from({ length: rows }, (_, row) => {
      const time = times?.[row]
      return typeof time !== 'number' || Number.isNaN(time)
    })
    for (const [row, lacks] of isLacking.entries()) if (lacks) lacking.set(row, view.view)
    for (const input of view.inputs) {
      const values = columns[input.name]?.values
      cells[input.name] = isLacking.map((lacks, row) =>
        lacks && usesDefaults ? input.default : cellOf(values?.[row]),
      )
    }
  }
  return { cells, lacking }
}

function cellOf(value: Cell | undefined): Cell {
  return value === undefined || Number.isNaN(value) ? null : value
}
