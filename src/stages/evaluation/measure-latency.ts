import type { EvaluationPolicy, Latency, ModelSignature } from '../../core/records/index.ts'
import { percentiles } from '../../core/statistics/index.ts'
import { type ColumnBatch, loadModel, type ModelSession } from '../../platform/inference/index.ts'
import { takeRows } from './sample.ts'

const BATCH_ROWS = 1_000
const BATCHES = 10
/** Different rows asked in turn, so that no cache of one row flatters the figure. */
const DISTINCT_ROWS = 256
const BYTES_PER_MB = 1_048_576

export interface LatencyOptions {
  /** The model's file, loaded anew so that its memory can be told. */
  readonly path: string
  readonly signature: ModelSignature
  readonly sizeBytes: number
  /** Real rows to ask. */
  readonly batch: ColumnBatch
  readonly policy: EvaluationPolicy['latency']
}

/**
 * How fast the file answers through the serving engine on this machine, one call at a time, and what
 * it costs in memory. Wall-clock figures: they vary with what else the machine does.
 */
export async function measureLatency(options: LatencyOptions): Promise<Latency> {
  const { path, signature, sizeBytes, batch, policy } = options
  const residentBefore = process.memoryUsage.rss()
  const session = await loadModel({ path, signature })
  try {
    const singles = singleRows(batch)
    await askSingles(session, singles, policy.warmup)
    const { durationsMs, totalMs } = await askSingles(session, singles, policy.requests)
    const batchRowsPerSecond = await askBatches(session, batch)
    const resident = process.memoryUsage.rss() - residentBefore
    const percentile = percentiles(durationsMs) ?? { p50: 0, p95: 0, p99: 0 }
    return {
      p50Ms: percentile.p50,
      p95Ms: percentile.p95,
      p99Ms: percentile.p99,
      requestsPerSecond: (policy.requests / totalMs) * 1_000,
      batchRowsPerSecond,
      sizeBytes,
      memoryMb: Math.max(0, resident) / BYTES_PER_MB,
    }
  } finally {
    await session.close()
  }
}

function singleRows(batch: ColumnBatch): ColumnBatch[] {
  return Array.from({ length: Math.min(batch.rows, DISTINCT_ROWS) }, (_, row) =>
    takeRows(batch, Uint32Array.of(row)),
  )
}

async function askSingles(
  session: ModelSession,
  singles: readonly ColumnBatch[],
  requests: number,
): Promise<{ readonly durationsMs: Float64Array; readonly totalMs: number }> {
  const durationsMs = new Float64Array(requests)
  const start = performance.now()
  for (let i = 0; i < requests; i++) {
    const single = singles[i % singles.length]
    if (single === undefined) break
    const before = performance.now()
    await session.predict(single)
    durationsMs[i] = performance.now() - before
  }
  return { durationsMs, totalMs: performance.now() - start }
}

async function askBatches(session: ModelSession, batch: ColumnBatch): Promise<number> {
  const rows = Uint32Array.from({ length: BATCH_ROWS }, (_, i) => i % batch.rows)
  const thousand = takeRows(batch, rows)
  await session.predict(thousand)
  const start = performance.now()
  for (let i = 0; i < BATCHES; i++) await session.predict(thousand)
  return ((BATCHES * BATCH_ROWS) / (performance.now() - start)) * 1_000
}
