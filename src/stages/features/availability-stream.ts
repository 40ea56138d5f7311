import type { FeatureTable, FeatureView } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import type { ArtifactStore, OnlineRow, TableEngine } from '../../platform/storage/index.ts'
import { instantSql } from '../collection/index.ts'
import { EVENT_TIME } from './feature-names.ts'
import { featureRows } from './feature-rows.ts'

/** A feature value on its way online, and the instant at which it may be seen. */
export interface AvailableRow extends OnlineRow {
  readonly availableAtMs: number
}

/**
 * Feature values that become available in [fromMs, toMs), in order of availability, in batches.
 * Feature tables are kept in order of event time, and a view's delay is one: no sort is needed.
 */
export async function* availabilityStream(options: {
  readonly table: FeatureTable
  readonly view: FeatureView
  readonly fromMs: number
  readonly toMs: number
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}): AsyncGenerator<AvailableRow[]> {
  const { table, view, engine, artifacts } = options
  const delayMs = durationMs(view.availabilityDelay)
  const from = instantSql(options.fromMs - delayMs)
  const to = instantSql(options.toMs - delayMs)
  const path = artifacts.pathOf(table.table.digest)
  const where = `${EVENT_TIME} >= ${from} AND ${EVENT_TIME} < ${to}`
  for await (const batch of featureRows({ engine, table, path, where })) {
    yield batch.map((row) => ({ ...row, availableAtMs: row.eventTimeMs + delayMs }))
  }
}
