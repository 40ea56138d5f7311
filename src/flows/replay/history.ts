import {
  type DatasetRecord,
  FRAME_COLUMNS,
  type LabelEntry,
  type Project,
} from '../../core/records/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../platform/storage/index.ts'
import { assembleDataset, computeFeatures, type FeatureTables } from '../assemble-frame.ts'
import { createBeltJournal } from '../belt-journal.ts'
import { collectSources } from '../collect-sources.ts'
import { flowErrors } from '../errors.ts'
import type { Platform } from '../platform.ts'
import type { ReplayedRequest, RequestValue } from './gateway-client.ts'

/**
 * How far beyond the last replayed day the sources are read, so that its labels are there. Short,
 * since the sources' own freshness is judged at that horizon.
 */
const LABEL_GRACE_MS = 86_400_000

/** What really happened, as the sources know it now: the requests, labels and feature events of a replay. */
export interface History {
  readonly dataset: DatasetRecord
  readonly tables: FeatureTables
  readonly kinds: ReadonlyMap<string, 'FP64' | 'BYTES'>
  /** Requests made in [fromMs, toMs), in order of time. */
  requests(fromMs: number, toMs: number): Promise<ReplayedRequest[]>
  /** Labels that became known in [fromMs, toMs) for predictions made since `madeSinceMs`. */
  labels(fromMs: number, toMs: number, madeSinceMs: number): Promise<LabelEntry[]>
}

/** Columns a caller sends: the request columns, and the keys of the entities whose features are used. */
export function requestColumns(project: Project): string[] {
  const used = new Set(project.dataset.features.map((feature) => feature.split('.')[0] ?? ''))
  const keys = Object.entries(project.featureViews)
    .filter(([name]) => used.has(name))
    .flatMap(([, view]) => project.entities[view.entity]?.keys ?? [])
  return [...new Set([...project.dataset.inputs, ...keys])]
}

function requireTimes(project: Project): void {
  const { predictionTime, labelTime } = project.dataset
  if (predictionTime === undefined)
    throw flowErrors.REPLAY_NOT_DECLARED({ missing: 'dataset.predictionTime' })
  if (labelTime === undefined)
    throw flowErrors.REPLAY_NOT_DECLARED({ missing: 'dataset.labelTime' })
}

/** Collects and computes everything up to the end of the replay; cached like any run of the belt. */
export async function openHistory(platform: Platform, untilMs: number): Promise<History> {
  const { project, engine, artifacts } = platform
  requireTimes(project)
  const journal = createBeltJournal(platform, untilMs + LABEL_GRACE_MS)
  const snapshots = await collectSources(journal)
  const dataset = await assembleDataset(journal, snapshots)
  const tables = await computeFeatures(journal, snapshots)
  const table = `read_parquet(${quoteLiteral(artifacts.pathOf(dataset.table.digest))})`
  const columns = requestColumns(project)
  const types = new Map(dataset.columns.map((column) => [column.name, column.type]))
  const ms = (column: string) => `epoch_ms(${quoteIdentifier(column)})`
  const { id, predictionTime, labelTime, target } = FRAME_COLUMNS
  return {
    dataset,
    tables,
    kinds: new Map(columns.map((name) => [name, types.get(name) === 'VARCHAR' ? 'BYTES' : 'FP64'])),
    async requests(fromMs, toMs) {
      const rows = await engine.query<Record<string, RequestValue>>(
        `SELECT ${quoteIdentifier(id)} AS "__id", ${ms(predictionTime)} AS "__at",
           ${columns.map(quoteIdentifier).join(', ')}
         FROM ${table} WHERE ${ms(predictionTime)} >= ${fromMs} AND ${ms(predictionTime)} < ${toMs}
         ORDER BY 2, 1`,
      )
      return rows.map(({ __id, __at, ...inputs }) => ({
        id: String(__id),
        timeMs: Number(__at),
        inputs,
      }))
    },
    async labels(fromMs, toMs, madeSinceMs) {
      return engine.query<{ id: string; label: string; timeMs: number }>(
        `SELECT CAST(${quoteIdentifier(id)} AS VARCHAR) AS id, CAST(${quoteIdentifier(target)} AS VARCHAR) AS label,
           ${ms(labelTime)} AS "timeMs"
         FROM ${table}
         WHERE ${ms(labelTime)} >= ${fromMs} AND ${ms(labelTime)} < ${toMs}
           AND ${ms(predictionTime)} >= ${madeSinceMs}
         ORDER BY 3, 1`,
      )
    },
  }
}
