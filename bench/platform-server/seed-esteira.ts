import { systemClock } from '../../src/core/time/index.ts'
import { openDatabase } from '../../src/platform/database/index.ts'
import { createTrackingStore, type TrackingStore } from '../../src/platform/tracking/index.ts'

const ACTOR = { name: 'bench', from: 'bench' }
const KEYS = 10
const AT_ONCE = 500
const DAY_MS = 86_400_000

export interface Seeded {
  readonly experimentId: string
  readonly runId: string
  readonly historyRunId: string
}

export interface SeedSize {
  readonly runs: number
  readonly experiments: number
  /** Points of one long history. */
  readonly points: number
}

/** The same content that `seed_mlflow.py` writes, through the store's own door. */
export async function seedEsteira(url: string, size: SeedSize): Promise<Seeded> {
  const database = await openDatabase({ url })
  try {
    const store = await createTrackingStore(database, {
      clock: systemClock,
      defaultArtifactRoot: 'mlflow-artifacts:/',
    })
    const { id } = await store.createExperiment(ACTOR, { name: 'bench', project: 'default' })
    const runIds = await seedRuns(store, id, size.runs)
    for (let i = 0; i < size.experiments; i++) {
      await store.createExperiment(ACTOR, { name: `experiment ${i}`, project: 'default' })
    }
    const [historyRunId = ''] = runIds
    await seedHistory(store, historyRunId, size.points)
    return { experimentId: id, runId: runIds.at(-1) ?? '', historyRunId }
  } finally {
    await database.close()
  }
}

async function seedRuns(store: TrackingStore, experimentId: string, runs: number) {
  const nowMs = Date.now()
  const ids: string[] = []
  for (let start = 0; start < runs; start += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, runs - start) }, (_, i) => start + i)
    const made = await Promise.all(
      numbers.map(async (n) => {
        const run = await store.createRun(ACTOR, {
          experimentId,
          name: `run-${n}`,
          user: 'bench',
          startedAtMs: nowMs - DAY_MS + n,
          tags: { team: `team ${n % 5}` },
        })
        await store.logBatch(ACTOR, run.id, {
          metrics: Array.from({ length: KEYS }, (_, k) => ({
            key: `metric_${k}`,
            value: ((n * 7_919 + k * 104_729) % 1_000_003) / 1_000_003,
            timestampMs: nowMs,
            step: 0,
          })),
          parameters: Array.from({ length: KEYS }, (_, k) => ({
            key: `param_${k}`,
            value: String(n % (k + 2)),
          })),
          tags: {},
        })
        return run.id
      }),
    )
    ids.push(...made)
  }
  return ids
}

async function seedHistory(store: TrackingStore, runId: string, points: number): Promise<void> {
  const nowMs = Date.now()
  for (let start = 0; start < points; start += 100_000) {
    const batches = Array.from({ length: Math.min(100, (points - start) / 1_000) }, (_, b) => ({
      metrics: Array.from({ length: 1_000 }, (_, i) => {
        const step = start + b * 1_000 + i
        return { key: 'loss', value: 1 / (step + 1), timestampMs: nowMs + step, step }
      }),
      parameters: [],
      tags: {},
    }))
    await Promise.all(batches.map((batch) => store.logBatch(ACTOR, runId, batch)))
  }
}
