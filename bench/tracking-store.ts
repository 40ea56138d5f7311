/**
 * What the tracking store does by itself, without HTTP: batches a second, searches among many runs,
 * a long history sampled, experiments listed. SQLite and PostgreSQL, one after the other.
 * Run with `node bench/tracking-store.ts [runs] [sqlite|postgres]`.
 */
import type { Database } from '../src/platform/database/index.ts'
import {
  createTrackingStore,
  type LogBatch,
  type TrackingStore,
} from '../src/platform/tracking/index.ts'
import { createTestDatabase, DIALECTS } from '../src/testkit/index.ts'

const RUNS = Number(process.argv[2] ?? 100_000)
const CLIENTS = 20
const BATCHES = 20_000
const POINTS = 1_000_000
const EXPERIMENTS = 5_000
const ROUNDS = 30
const BY = { name: 'bench', from: 'bench' }

type Row = Readonly<{ what: string; aim: string; measured: string }>

function quantile(times: readonly number[], p: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN
}

async function timed(what: string, aimMs: number, work: () => Promise<unknown>): Promise<Row> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  const [median, high] = [0.5, 0.95].map((p) => quantile(times, p).toFixed(1))
  return { what, aim: `≤ ${aimMs} ms`, measured: `p50 ${median} ms, p95 ${high} ms` }
}

function batch(index: number, parameters: boolean): LogBatch {
  const keys = Array.from({ length: 10 }, (_, i) => i)
  return {
    metrics: keys.map((i) => ({
      key: `metric_${i}`,
      value: Math.sin(index * 10 + i),
      timestampMs: 1_700_000_000_000 + index,
      step: index,
    })),
    parameters: parameters
      ? keys.map((i) => ({ key: `param_${i}`, value: String((index * (i + 1)) % 100) }))
      : [],
    tags: {},
  }
}

async function logBatches(store: TrackingStore): Promise<Row> {
  const runs = await Promise.all(
    Array.from({ length: CLIENTS }, () => store.createRun(BY, { experimentId: '0' })),
  )
  const each = BATCHES / CLIENTS
  const started = performance.now()
  await Promise.all(
    runs.map(async ({ id }) => {
      for (let i = 0; i < each; i++) await store.logBatch(BY, id, batch(i, false))
    }),
  )
  const rate = Math.round(BATCHES / ((performance.now() - started) / 1_000))
  const what = `batches of 10 metrics, ${CLIENTS} clients`
  return { what, aim: '≥ 6,000 /s', measured: `${rate.toLocaleString('en')} /s` }
}

/** Runs are written without the store, which would wait for the disk at each; their entries with it. */
async function fill(database: Database, store: TrackingStore): Promise<string> {
  const { id } = await store.createExperiment(BY, { name: 'many', project: 'bench' })
  const ids = Array.from({ length: RUNS }, (_, i) => i.toString(16).padStart(32, '0'))
  for (let start = 0; start < RUNS; start += 1_000) {
    const rows = ids.slice(start, start + 1_000).map((run, i) => ({
      id: run,
      experiment: Number(id),
      name: `run ${start + i}`,
      user_name: 'bench',
      status: 'FINISHED',
      started_at_ms: 1_700_000_000_000 + start + i,
      artifact_uri: `mlflow-artifacts:/${id}/${run}/artifacts`,
    }))
    await database.queries.insertInto('runs').values(rows).execute()
    await Promise.all(
      ids
        .slice(start, start + 1_000)
        .map((run, i) => store.logBatch(BY, run, batch(start + i, true))),
    )
  }
  return id
}

async function searches(store: TrackingStore, experiment: string): Promise<Row[]> {
  const search =
    (filter: string, orderBy: readonly string[] = []) =>
    () =>
      store.searchRuns({ experimentIds: [experiment], filter, orderBy, maxResults: 100 })
  const both = 'metrics.metric_1 > 0.5 AND params.param_2 = '
  return [
    await timed('search, first page of 100 runs', 5, search('')),
    await timed('metric and param filter', 20, search(`${both}'30'`)),
    await timed('metric and param filter, nothing found', 20, search(`${both}'none'`)),
    await timed(
      'two broad metric filters',
      20,
      search('metrics.metric_1 > 0.5 AND metrics.metric_2 < -0.5'),
    ),
    await timed('ordered by a metric', 30, search('', ['metrics.metric_3 DESC'])),
    await timed(
      'ordered by a metric, with a filter',
      30,
      search("params.param_0 != '5'", ['metrics.metric_3']),
    ),
    await timed('ordered by a param', 300, search('', ['params.param_3'])),
  ]
}

async function history(database: Database, store: TrackingStore): Promise<Row> {
  const { id } = await store.createRun(BY, { experimentId: '0' })
  await store.logBatch(BY, id, batch(0, false))
  for (let start = 0; start < POINTS; start += 20_000) {
    const batches = Array.from({ length: 20 }, (_, b) =>
      Array.from({ length: 1_000 }, (_, i) => {
        const step = start + b * 1_000 + i
        return { key: 'long', value: Math.sin(step), timestampMs: 1_700_000_000_000 + step, step }
      }),
    )
    await Promise.all(
      batches.map((metrics) => store.logBatch(BY, id, { metrics, parameters: [], tags: {} })),
    )
  }
  await database.ping()
  const sample = { runIds: [id], key: 'long', maxPointsPerRun: 1_000 }
  return timed('1 M points sampled to 1,000', 150, () => store.sampleMetricHistory(sample))
}

async function experiments(database: Database, store: TrackingStore): Promise<Row> {
  for (let start = 0; start < EXPERIMENTS; start += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({
      name: `experiment ${start + i}`,
      project: 'bench',
      artifact_location: 'mlflow-artifacts:/x',
      created_at_ms: start + i,
      updated_at_ms: start + i,
    }))
    await database.queries.insertInto('experiments').values(rows).execute()
  }
  return timed('5,000 experiments listed', 30, () =>
    store.searchExperiments({ maxResults: EXPERIMENTS }),
  )
}

for (const dialect of DIALECTS.filter((one) => (process.argv[3] ?? one) === one)) {
  const scene = await createTestDatabase(dialect)
  try {
    const database = await scene.open()
    const store = await createTrackingStore(database, {
      clock: { now: () => Date.now() },
      defaultArtifactRoot: 'mlflow-artifacts:/',
    })
    const rows = [await logBatches(store)]
    const started = performance.now()
    const experiment = await fill(database, store)
    const seconds = ((performance.now() - started) / 1_000).toFixed(1)
    rows.push({
      what: `${RUNS} runs, each 10 metrics and 10 params`,
      aim: '',
      measured: `${seconds} s`,
    })
    rows.push(...(await searches(store, experiment)))
    rows.push(await history(database, store), await experiments(database, store))
    console.log(`\n${dialect}`)
    console.table(rows)
  } finally {
    await scene.dispose()
  }
}
