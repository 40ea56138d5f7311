import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LoadFigures, LoadJob } from './load-generator.ts'
import type { Seeded } from './seed-esteira.ts'
import type { Peer } from './servers.ts'

const LOAD_GENERATOR = fileURLToPath(new URL('./load-generator.ts', import.meta.url))

export interface Measure {
  readonly what: string
  readonly unit: 'req/s' | 'ms p50' | 'ms p99'
  /** What Esteira promises itself. */
  readonly aim: string
  readonly job: (seeded: Seeded, runIds: readonly string[]) => Omit<LoadJob, 'baseUrl'>
}

const search = (seeded: Seeded, more: object) => ({
  clients: 1,
  seconds: 5,
  work: {
    kind: 'same' as const,
    method: 'POST' as const,
    path: '/api/2.0/mlflow/runs/search',
    body: { experiment_ids: [seeded.experimentId], max_results: 100, ...more },
  },
})

const get = (path: string) => ({
  clients: 1,
  seconds: 5,
  work: { kind: 'same' as const, method: 'GET' as const, path },
})

export const MEASURES: readonly Measure[] = [
  {
    what: 'log-batch of 10 metrics, 20 clients',
    unit: 'req/s',
    aim: '≥ 2,000, ≥ 20×',
    job: (_, runIds) => ({
      clients: 20,
      seconds: 8,
      work: { kind: 'log-batch', runIds, metrics: 10 },
    }),
  },
  {
    what: 'log-batch of 100 metrics, 20 clients',
    unit: 'req/s',
    aim: '≥ 10×',
    job: (_, runIds) => ({
      clients: 20,
      seconds: 8,
      work: { kind: 'log-batch', runIds, metrics: 100 },
    }),
  },
  {
    what: 'log-metric, 16 clients',
    unit: 'ms p99',
    aim: '≤ 5',
    job: (_, runIds) => ({ clients: 16, seconds: 8, work: { kind: 'log-metric', runIds } }),
  },
  {
    what: 'get run',
    unit: 'ms p50',
    aim: '',
    job: (seeded) => get(`/api/2.0/mlflow/runs/get?run_id=${seeded.runId}`),
  },
  {
    what: 'search, first 100 runs',
    unit: 'ms p50',
    aim: '≤ 8',
    job: (seeded) => search(seeded, {}),
  },
  {
    what: 'search by metric and parameter',
    unit: 'ms p50',
    aim: '≤ 25',
    job: (seeded) => search(seeded, { filter: "metrics.metric_3 > 0.5 and params.param_5 = '3'" }),
  },
  {
    what: 'search ordered by a metric',
    unit: 'ms p50',
    aim: '≤ 40',
    job: (seeded) => search(seeded, { order_by: ['metrics.metric_7 DESC'] }),
  },
  {
    what: 'history of 1 M points, sampled',
    unit: 'ms p50',
    aim: '≤ 200',
    job: (seeded) =>
      get(
        `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${seeded.historyRunId}&metric_key=loss&max_results=320`,
      ),
  },
  {
    what: 'list of 5,000 experiments',
    unit: 'ms p50',
    aim: '≤ 50',
    job: () => get('/api/2.0/mlflow/experiments/search?max_results=5000'),
  },
]

/** Puts a peer under the load of a measure. */
export async function measure(
  peer: Peer,
  { job }: Measure,
  { seeded, runIds }: { readonly seeded: Seeded; readonly runIds: readonly string[] },
): Promise<LoadFigures> {
  const wanted: LoadJob = { baseUrl: peer.baseUrl, ...job(seeded, runIds) }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [LOAD_GENERATOR, JSON.stringify(wanted)],
    { maxBuffer: 1 << 20 },
  )
  return JSON.parse(stdout) as LoadFigures
}

/** Makes runs for the clients to log into. */
export async function makeRuns(peer: Peer, seeded: Seeded, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const response = await fetch(`${peer.baseUrl}/api/2.0/mlflow/runs/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_id: seeded.experimentId, start_time: Date.now() }),
    })
    const { run } = (await response.json()) as { run: { info: { run_id: string } } }
    ids.push(run.info.run_id)
  }
  return ids
}

export function figureOf({ unit }: Measure, figures: LoadFigures): number {
  if (unit === 'req/s') return figures.requestsPerSecond
  return unit === 'ms p50' ? figures.p50Ms : figures.p99Ms
}
