import { Pool } from 'undici'

/**
 * A client in a process of its own: reads one job from its arguments, prints what it measured as one
 * JSON line.
 */
export interface LoadJob {
  readonly baseUrl: string
  readonly clients: number
  readonly seconds: number
  /** What each client sends, again and again. */
  readonly work:
    | { readonly kind: 'log-batch'; readonly runIds: readonly string[]; readonly metrics: number }
    | { readonly kind: 'log-metric'; readonly runIds: readonly string[] }
    | {
        readonly kind: 'same'
        readonly method: 'GET' | 'POST'
        readonly path: string
        readonly body?: unknown
      }
}

export interface LoadFigures {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytes: number
}

const WARM_UP_SECONDS = 1

let step = 0

function requestOf(job: LoadJob, client: number) {
  const { work } = job
  if (work.kind === 'same') {
    return {
      method: work.method,
      path: work.path,
      body: work.body === undefined ? null : JSON.stringify(work.body),
    }
  }
  const runId = work.runIds[client % work.runIds.length]
  step += 1
  const timestamp = 1_700_000_000_000 + step
  if (work.kind === 'log-metric') {
    const body = JSON.stringify({ run_id: runId, key: 'loss', value: 1 / step, timestamp, step })
    return { method: 'POST' as const, path: '/api/2.0/mlflow/runs/log-metric', body }
  }
  const metrics = Array.from({ length: work.metrics }, (_, i) => ({
    key: `metric_${i}`,
    value: step / (i + 1),
    timestamp,
    step,
  }))
  const body = JSON.stringify({ run_id: runId, metrics, params: [], tags: [] })
  return { method: 'POST' as const, path: '/api/2.0/mlflow/runs/log-batch', body }
}

async function drive(pool: Pool, job: LoadJob, seconds: number): Promise<LoadFigures> {
  const latencies: number[] = []
  let bytes = 0
  const began = performance.now()
  const until = began + seconds * 1_000
  const client = async (index: number) => {
    while (performance.now() < until) {
      const request = requestOf(job, index)
      const started = performance.now()
      const { statusCode, body } = await pool.request({
        ...request,
        headers: { 'content-type': 'application/json' },
      })
      const answer = await body.arrayBuffer()
      latencies.push(performance.now() - started)
      bytes += answer.byteLength
      if (statusCode !== 200) {
        throw new Error(`${request.path}: ${statusCode} ${Buffer.from(answer).toString()}`)
      }
    }
  }
  await Promise.all(Array.from({ length: job.clients }, (_, i) => client(i)))
  const elapsedSeconds = (performance.now() - began) / 1_000
  latencies.sort((a, b) => a - b)
  const quantile = (q: number) => latencies[Math.floor(latencies.length * q)] ?? Number.NaN
  return {
    requests: latencies.length,
    requestsPerSecond: latencies.length / elapsedSeconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    bytes,
  }
}

const [text] = process.argv.slice(2)
if (text !== undefined) {
  const job = JSON.parse(text) as LoadJob
  const pool = new Pool(job.baseUrl, {
    connections: job.clients,
    pipelining: 1,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  })
  await drive(pool, job, WARM_UP_SECONDS)
  console.log(JSON.stringify(await drive(pool, job, job.seconds)))
  await pool.close()
}
