import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { ENDPOINT, openGatewayScene } from '../src/surfaces/gateway/fixtures/gateway-scene.ts'

/**
 * Latency of accepted requests when more is asked than the gateway can answer: open loop (requests
 * are sent when they are due, whether or not others were answered) at 1, 2 and 10 times the measured
 * capacity, each from its due time on. A request that finds every connection waiting for its answer is
 * not sent, and counted: a queue in the generator would say nothing about the server. Requests of 100 rows, so that the server is the bottleneck and
 * not the generator beside it.
 *
 *     node bench/overload.ts
 */

const ROWS = 100
const SECONDS = 5
const PLACES = 32
const FACTORS = [1, 2, 10]
const CONNECTIONS = 512
const INFER = `/v2/models/${ENDPOINT}/infer`

const column = (name: string, datatype: string, value: number | string) => ({
  name,
  datatype,
  shape: [ROWS],
  data: Array(ROWS).fill(value),
})
const BODY = JSON.stringify({
  inputs: [
    column('distance', 'FP64', 900),
    column('hour', 'FP64', 12),
    column('carrier', 'BYTES', 'B6'),
    column('origin', 'BYTES', 'JFK'),
  ],
})

/** What came of one rate. */
interface Outcome {
  readonly offered: number
  readonly byStatus: ReadonlyMap<number, number>
  /** Milliseconds of accepted requests from when they were due, sorted. */
  readonly accepted: Float64Array
  /** How late the generator itself sent, at worst, in milliseconds. */
  readonly lateMs: number
  readonly seconds: number
  /** Requests that found no free connection. */
  readonly unsent: number
}

/** Runs the benchmark and gives its table as lines of Markdown. */
export async function benchOverload(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-overload-'))
  const scene = await openGatewayScene(folder)
  await scene.addVersion('bench')
  await scene.rollOut(1)
  const { child, url } = await start(folder)
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 })
  try {
    await connectAll(pool)
    await closedLoop(pool, 2)
    const capacity = await closedLoop(pool, 4)
    const outcomes: string[] = []
    for (const factor of FACTORS) {
      const outcome = await openLoop(pool, capacity * factor)
      outcomes.push(row(`${factor}×`, outcome))
    }
    return [
      '| offered load | requests/s offered | answered/s | refused | unsent | accepted p50 ms | accepted p99 ms | sent late at most ms |',
      '| --- | --: | --: | --: | --: | --: | --: | --: |',
      ...outcomes,
      '',
      `Capacity (closed loop, ${PLACES} connections): ${Math.round(capacity)} requests/s of ${ROWS} rows; ${PLACES} places, ${SECONDS} s a rate, the generator on the same machine.`,
    ]
  } finally {
    await pool.destroy()
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await scene.close()
    rmSync(folder, { recursive: true, maxRetries: 10 })
  }
}

async function start(
  folder: string,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const script = fileURLToPath(
    new URL('../src/surfaces/gateway/fixtures/serve-scene.ts', import.meta.url),
  )
  const limits = JSON.stringify({ limits: { maxInFlight: PLACES, deadline: '2s' } })
  const child = spawn(process.execPath, [script, folder, limits], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  return { child, url: line.toString().trim() }
}

/** Connecting takes its own time, and is retried after seconds when the system's queue is full. */
async function connectAll(pool: Pool): Promise<void> {
  const greet = async () => {
    const { body } = await pool.request({ path: '/v2/health/live', method: 'GET' })
    await body.dump()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, greet))
}

async function ask(pool: Pool): Promise<number> {
  const { statusCode, body } = await pool.request({
    path: INFER,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  })
  await body.dump()
  return statusCode
}

/** Answered requests a second with as many callers as places. */
async function closedLoop(pool: Pool, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1_000
  let answered = 0
  const caller = async () => {
    while (performance.now() < until) if ((await ask(pool)) === 200) answered++
  }
  await Promise.all(Array.from({ length: PLACES }, caller))
  return answered / seconds
}

async function openLoop(pool: Pool, perSecond: number): Promise<Outcome> {
  const offered = Math.round(perSecond * SECONDS)
  const byStatus = new Map<number, number>()
  const accepted: number[] = []
  const pending: Promise<void>[] = []
  const startedMs = performance.now()
  let lateMs = 0
  let open = 0
  let unsent = 0
  const send = async (dueMs: number) => {
    if (open >= CONNECTIONS) {
      unsent++
      return
    }
    open++
    lateMs = Math.max(lateMs, performance.now() - dueMs)
    const status = await ask(pool)
    open--
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
    if (status === 200) accepted.push(performance.now() - dueMs)
  }
  for (let sent = 0; sent < offered; ) {
    const due = Math.min(offered, ((performance.now() - startedMs) * perSecond) / 1_000)
    for (; sent < due; sent++) pending.push(send(startedMs + (sent * 1_000) / perSecond))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(pending)
  const seconds = (performance.now() - startedMs) / 1_000
  const sorted = Float64Array.from(accepted).sort()
  return { offered, byStatus, accepted: sorted, lateMs, seconds, unsent }
}

function row(
  name: string,
  { offered, byStatus, accepted, lateMs, seconds, unsent }: Outcome,
): string {
  const at = (share: number) =>
    (accepted[Math.ceil(share * accepted.length) - 1] ?? Number.NaN).toFixed(1)
  const refused = offered - unsent - (byStatus.get(200) ?? 0)
  const share = `${((refused / offered) * 100).toFixed(0)} %`
  const rate = Math.round(accepted.length / seconds)
  return `| ${name} | ${Math.round(offered / SECONDS)} | ${rate} | ${share} | ${unsent} | ${at(0.5)} | ${at(0.99)} | ${lateMs.toFixed(0)} |`
}

if (import.meta.main) console.log((await benchOverload()).join('\n'))
