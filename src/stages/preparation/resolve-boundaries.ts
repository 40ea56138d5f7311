import { type DatasetDefinition, instantMs } from '../../core/records/index.ts'
import type { TableEngine } from '../../platform/storage/index.ts'
import { instantSql } from '../collection/index.ts'
import { errors } from './errors.ts'
import type { SplitBoundaries } from './split-assignment-sql.ts'

/**
 * The instants at which validation and test begin: as declared, or where the rows in time order
 * reach the declared shares. Null when the split is not by time.
 *
 * @throws SPLIT_NEEDS_TIME
 */
export async function resolveBoundaries(options: {
  readonly definition: DatasetDefinition
  readonly engine: TableEngine
  readonly from: string
}): Promise<SplitBoundaries | null> {
  const { definition, engine, from } = options
  const { split } = definition
  if (split.by !== 'time') return null
  if (definition.predictionTime === undefined) throw errors.SPLIT_NEEDS_TIME({})
  const { validation, test } = split
  const validationFromMs =
    split.validationFrom === undefined ? undefined : instantMs(split.validationFrom)
  const later = validationFromMs === undefined ? '' : timeAtLeast(validationFromMs)
  const testShare = validationFromMs === undefined ? test : test / (validation + test)
  const testFromMs =
    split.testFrom === undefined
      ? await timeAtShare(engine, `${from} ${later}`, 1 - testShare)
      : instantMs(split.testFrom)
  if (validationFromMs !== undefined) return { validationFromMs, testFromMs }
  const earlier = `${from} WHERE __prediction_time < ${instantSql(testFromMs)}`
  return {
    validationFromMs: await timeAtShare(engine, earlier, 1 - validation / (1 - test)),
    testFromMs,
  }
}

function timeAtLeast(ms: number): string {
  return `WHERE __prediction_time >= ${instantSql(ms)}`
}

/** Prediction time of the row at a share of the rows in time order; 0 without rows. */
async function timeAtShare(engine: TableEngine, from: string, share: number): Promise<number> {
  const [row] = await engine.query<{ ms: number | null }>(
    `SELECT epoch_ms(quantile_disc(__prediction_time, ${Math.min(1, Math.max(0, share))})) AS ms FROM ${from}`,
  )
  return row?.ms ?? 0
}
