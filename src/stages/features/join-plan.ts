import type {
  DatasetDefinition,
  DatasetRecord,
  Entity,
  FeatureTable,
  FeatureView,
  InputColumn,
} from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { type ArtifactStore, quoteLiteral } from '../../platform/storage/index.ts'
import { requireColumns } from '../collection/index.ts'
import { inputKind } from '../preparation/index.ts'
import { errors } from './errors.ts'
import { featureOfInput, joinKey } from './feature-names.ts'
import type { ViewToJoin } from './point-in-time-join-sql.ts'

export interface JoinPlanOptions {
  readonly definition: DatasetDefinition
  readonly dataset: DatasetRecord
  readonly tables: Readonly<Record<string, FeatureTable>>
  readonly views: Readonly<Record<string, FeatureView>>
  readonly entities: Readonly<Record<string, Entity>>
  readonly artifacts: ArtifactStore
}

export interface JoinPlan {
  readonly views: readonly ViewToJoin[]
  /** The dataset's columns that the joins need. */
  readonly keys: readonly string[]
}

/**
 * Which feature tables the inputs come from, and how they meet the dataset's rows.
 * @throws FEATURES_NEED_TIME, FEATURE_VIEW_NOT_FOUND, COLUMN_NOT_FOUND, FEATURE_KEY_UNFIT
 */
export function planJoins(options: JoinPlanOptions, inputs: readonly InputColumn[]): JoinPlan {
  const used = [...new Set(inputs.flatMap(({ view }) => view ?? []))]
  if (used.length > 0 && options.definition.predictionTime === undefined) {
    throw errors.FEATURES_NEED_TIME({ views: used })
  }
  const views = used.map((name) => planView(options, name, inputs))
  const keys = new Set(used.flatMap((name) => options.tables[name]?.keys ?? []))
  return { views, keys: [...keys] }
}

function planView(
  options: JoinPlanOptions,
  name: string,
  inputs: readonly InputColumn[],
): ViewToJoin {
  const { tables, views, artifacts } = options
  const table = tables[name]
  const view = views[name]
  if (table === undefined || view === undefined) {
    throw errors.FEATURE_VIEW_NOT_FOUND({ view: name, known: Object.keys(tables) })
  }
  requireFittingKeys(options.dataset, table)
  return {
    view: name,
    from: `read_parquet(${quoteLiteral(artifacts.pathOf(table.table.digest))})`,
    keys: table.keys.map((key) => ({ left: joinKey(key), right: key })),
    features: inputs
      .filter((input) => input.view === name)
      .map((input) => ({ feature: featureOfInput(name, input.name), name: input.name })),
    availabilityDelayMs: durationMs(view.availabilityDelay),
    timeToLiveMs: view.timeToLive === undefined ? null : durationMs(view.timeToLive),
  }
}

/** Keys of another kind would never be equal, or only by accident of a cast. */
function requireFittingKeys(dataset: DatasetRecord, table: FeatureTable): void {
  const known = dataset.columns.map((column) => column.name)
  const typeIn = (columns: DatasetRecord['columns'], key: string) =>
    columns.find((column) => column.name === key)?.type ?? 'VARCHAR'
  for (const key of table.keys) {
    const where = `dataset, key of feature view "${table.view}"`
    requireColumns({ where, columns: [key], known })
    const got = typeIn(dataset.columns, key)
    const expected = typeIn(table.columns, key)
    if (got !== expected && kindOf(key, got) !== kindOf(key, expected)) {
      throw errors.FEATURE_KEY_UNFIT({ view: table.view, key, got, expected })
    }
  }
}

function kindOf(key: string, type: string): string {
  return /^(DATE|TIME)/.test(type) ? 'time' : inputKind(key, type)
}
