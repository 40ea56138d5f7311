import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { ENDPOINT, openGatewayScene } from '../src/surfaces/gateway/fixtures/gateway-scene.ts'

/**
 * Requests a second and latency of the gateway for single rows over 32 keep-alive connections: one
 * feature view looked up, one model call, one log entry each; against an empty Fastify route, in
 * turns in the same run. Servers run in processes of their own, the client in this one.
 *
 *     node bench/gateway.ts
 */

const CONNECTIONS = 32
const ROUNDS = 3
const SECONDS = 4
const WARM_UP_SECONDS = 2

interface Figures {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Target {
  readonly name: string
  readonly child: ChildProcess
  readonly pool: Pool
  readonly path: string
  readonly rounds: Figures[]
  answered: number
}

const requestBody = (id: string): string =>
  JSON.stringify({
    id,
    inputs: [
      { name: 'distance', datatype: 'FP64', shape: [1], data: [900] },
      { name: 'carrier', datatype: 'BYTES', shape: [1], data: ['B6'] },
      { name: 'origin', datatype: 'BYTES', shape: [1], data: ['JFK'] },
    ],
  })

/** Runs the benchmark and gives its table as lines of Markdown. */
export async function benchGateway(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-gateway-'))
  const scene = await openGatewayScene(folder)
  const targets: Target[] = []
  try {
    await scene.addVersion('bench', { featureView: true })
    await scene.rollOut(1)
    const eventTimeMs = Date.now() - 2 * 3_600_000
    await scene.online.put('airport', [{ keys: ['JFK'], values: { hour: 17 }, eventTimeMs }])
    const script = '../src/surfaces/gateway/fixtures/serve-scene.ts'
    targets.push(await start('empty Fastify route', ['./gateway-empty-route.ts'], '/'))
    targets.push(await start('gateway', [script, folder], `/v2/models/${ENDPOINT}/infer`))
    for (const target of targets) await drive(target, WARM_UP_SECONDS)
    for (let round = 0; round < ROUNDS; round++) {
      for (const target of targets) target.rounds.push(await drive(target, SECONDS))
    }
    const logged = await scene.log.count(ENDPOINT)
    const answered = targets[1]?.answered
    if (logged !== answered) throw new Error(`${answered} answered, ${logged} logged`)
    return table(targets, logged)
  } finally {
    await Promise.all(targets.map(end))
    await scene.close()
    rmSync(folder, { recursive: true })
  }
}

async function start(name: string, script: readonly string[], path: string): Promise<Target> {
  const [file = '', ...rest] = script
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  const pool = new Pool(line.toString().trim(), { connections: CONNECTIONS, pipelining: 1 })
  return { name, child, pool, path, rounds: [], answered: 0 }
}

async function end({ child, pool }: Target): Promise<void> {
  await pool.close()
  child.kill('SIGTERM')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function drive(target: Target, seconds: number): Promise<Figures> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const until = startedAt + seconds * 1_000
  async function connection(): Promise<void> {
    while (performance.now() < until) {
      const askedAt = performance.now()
      const { statusCode, body } = await target.pool.request({
        path: target.path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: requestBody(`request-${target.answered++}`),
      })
      const text = await body.text()
      if (statusCode !== 200) throw new Error(`${target.name} answered ${statusCode}: ${text}`)
      latencies.push(performance.now() - askedAt)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  const elapsed = (performance.now() - startedAt) / 1_000
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
  return { requestsPerSecond: sorted.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function table(targets: readonly Target[], logged: number): string[] {
  const rows = targets.map(({ name, rounds }) => {
    const median = (pick: (figures: Figures) => number) =>
      rounds.map(pick).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN
    const rate = Math.round(median((figures) => figures.requestsPerSecond))
    const p50 = median((figures) => figures.p50Ms).toFixed(2)
    const p99 = median((figures) => figures.p99Ms).toFixed(2)
    return `| ${name} | ${rate.toLocaleString('en')} | ${p50} | ${p99} |`
  })
  return [
    '| server | requests/s | p50 ms | p99 ms |',
    '| --- | --: | --: | --: |',
    ...rows,
    '',
    `${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${SECONDS} s in turns; ${logged.toLocaleString('en')} predictions answered, all of them in the log.`,
  ]
}

if (import.meta.main) console.log((await benchGateway()).join('\n'))
