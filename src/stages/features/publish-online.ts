import type { FeatureTable, FeatureView } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import {
  type ArtifactStore,
  type OnlineStore,
  quoteIdentifier,
  quoteLiteral,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { instantSql } from '../collection/index.ts'
import { EVENT_TIME } from './feature-names.ts'
import { featureRows } from './feature-rows.ts'

/**
 * Puts each entity's newest value that was available at an instant online. Values past their time
 * to live are put too: whether a value is stale depends on who asks when.
 *
 * @returns the number of entities.
 */
export async function publishOnline(options: {
  readonly table: FeatureTable
  readonly view: FeatureView
  readonly artifacts: ArtifactStore
  readonly engine: TableEngine
  readonly online: OnlineStore
  /** Null: everything there is. */
  readonly asOfMs: number | null
}): Promise<number> {
  const { table, view, artifacts, engine, online, asOfMs } = options
  const source = `read_parquet(${quoteLiteral(artifacts.pathOf(table.table.digest))})`
  const newestMs = asOfMs === null ? null : asOfMs - durationMs(view.availabilityDelay)
  const available = newestMs === null ? 'true' : `${EVENT_TIME} <= ${instantSql(newestMs)}`
  const keys = table.keys.map(quoteIdentifier).join(', ')
  const work = artifacts.temporaryFolder()
  try {
    const path = `${work.path}/newest.parquet`
    const rows = await engine.writeParquet(
      `SELECT * FROM ${source} WHERE ${available}
       QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY ${EVENT_TIME} DESC) = 1`,
      path,
    )
    for await (const batch of featureRows({ engine, table, path, where: 'true' })) {
      await online.put(table.view, batch)
    }
    return rows
  } finally {
    work.dispose()
  }
}
