/**
 * Point-in-time join of 1 M predictions with 5 M feature rows: `pointInTimeJoinSql` against the
 * same join written by hand, five runs each in turn.
 *
 *     node bench/point-in-time-join.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { version as duckdbVersion } from '@duckdb/node-api'
import { openTableEngine, quoteLiteral, type TableEngine } from '../src/platform/storage/index.ts'
import { pointInTimeJoinSql } from '../src/stages/features/index.ts'

const LABELS = 1_000_000
const FEATURE_ROWS = 5_000_000
const ENTITIES = 10_000
const RUNS = 5
const DELAY_MINUTES = 30
const TTL_DAYS = 7

async function writeTables(engine: TableEngine, labels: string, features: string): Promise<void> {
  const time = (seconds: string) => `TIMESTAMP '2013-01-01' + INTERVAL (${seconds}) SECONDS`
  const year = 365 * 86_400
  await engine.writeParquet(
    `SELECT i AS id, hash(i) % ${ENTITIES} AS entity, ${time(`hash(i + 1) % ${year}`)} AS __prediction_time
     FROM range(${LABELS}) t(i)`,
    labels,
  )
  await engine.writeParquet(
    `SELECT DISTINCT ON (entity, __event_time) * FROM (
       SELECT hash(i * 7) % ${ENTITIES} AS entity, ${time(`hash(i * 7 + 1) % ${year}`)} AS __event_time,
         (hash(i * 7 + 2) % 1000) / 10 AS value, (hash(i * 7 + 3) % 1000) / 10 AS other
       FROM range(${FEATURE_ROWS}) t(i))
     ORDER BY __event_time, entity`,
    features,
  )
}

function joinByHand(labels: string, features: string): string {
  return `SELECT l.*,
      CASE WHEN l.__prediction_time - f.__event_time <= INTERVAL ${TTL_DAYS} DAYS THEN f.value END AS v__value,
      CASE WHEN l.__prediction_time - f.__event_time <= INTERVAL ${TTL_DAYS} DAYS THEN f.other END AS v__other
    FROM ${labels} l ASOF LEFT JOIN ${features} f
      ON l.entity = f.entity AND l.__prediction_time - INTERVAL ${DELAY_MINUTES} MINUTES >= f.__event_time`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Runs the whole join and looks at every value, so that no work can be skipped. */
async function time(engine: TableEngine, sql: string): Promise<{ ms: number; check: string }> {
  const started = performance.now()
  const rows = await engine.query(
    `SELECT count(*) AS rows, count(v__value) AS matched, sum(CAST(v__value * 10 AS BIGINT)) AS value,
       sum(CAST(v__other * 10 AS BIGINT)) AS other FROM ${sql}`,
  )
  return { ms: performance.now() - started, check: JSON.stringify(rows) }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-'))
  const engine = await openTableEngine({
    temporaryFolder: join(folder, 'tmp'),
    memoryLimitMb: 2048,
  })
  try {
    const labels = join(folder, 'labels.parquet')
    const features = join(folder, 'features.parquet')
    await writeTables(engine, labels, features)
    const from = (path: string) => `read_parquet(${quoteLiteral(path)})`
    const ours = pointInTimeJoinSql({
      from: from(labels),
      views: [
        {
          view: 'v',
          from: from(features),
          keys: [{ left: 'entity', right: 'entity' }],
          features: [
            { feature: 'value', name: 'v__value' },
            { feature: 'other', name: 'v__other' },
          ],
          availabilityDelayMs: DELAY_MINUTES * 60_000,
          timeToLiveMs: TTL_DAYS * 86_400_000,
        },
      ],
    })
    const byHand = `(${joinByHand(from(labels), from(features))})`
    const times: { ours: number[]; byHand: number[] } = { ours: [], byHand: [] }
    for (let run = 0; run < RUNS; run++) {
      const a = await time(engine, ours)
      const b = await time(engine, byHand)
      if (a.check !== b.check) throw new Error(`the joins differ: ${a.check} and ${b.check}`)
      times.ours.push(a.ms)
      times.byHand.push(b.ms)
      process.stdout.write(`run ${run + 1}: ${a.ms.toFixed(0)} ms, by hand ${b.ms.toFixed(0)} ms\n`)
    }
    const [one, other] = [median(times.ours), median(times.byHand)]
    const duckdb = duckdbVersion()
    process.stdout.write(
      `median ${one.toFixed(0)} ms, by hand ${other.toFixed(0)} ms, ratio ${(one / other).toFixed(2)}\n` +
        `${LABELS} predictions, ${FEATURE_ROWS} feature rows, ${ENTITIES} entities\n` +
        `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, DuckDB ${duckdb}\n`,
    )
  } finally {
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
