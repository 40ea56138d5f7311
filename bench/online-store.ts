/**
 * Look-ups a second of the online store: the embedded one and Redis, one view of 100,000 entities
 * with four features, through the port alone and through the gateway's guard.
 *
 *     node bench/online-store.ts
 *
 * `ESTEIRA_BENCH_REDIS_URL` names the Redis; by default database 9 of 127.0.0.1:6379. What is
 * written there is removed again.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type OnlineRequest,
  type OnlineStore,
  openOnlineStore,
  openRedisOnlineStore,
} from '../src/platform/storage/index.ts'
import { createFeatureReader } from '../src/surfaces/gateway/features/feature-reader.ts'

const ENTITIES = 100_000
const ROUNDS = 5
const VIEW = 'bench'

type Read = (requests: readonly OnlineRequest[]) => Promise<unknown>

interface Load {
  readonly name: string
  readonly lookUps: number
  /** Entities of one question. */
  readonly batch: number
  /** Questions under way at once. */
  readonly concurrency: number
}

const LOADS: readonly Load[] = [
  { name: 'one after the other', lookUps: 20_000, batch: 1, concurrency: 1 },
  { name: '32 at once', lookUps: 100_000, batch: 1, concurrency: 32 },
  { name: '1,000 in one question', lookUps: 200_000, batch: 1_000, concurrency: 1 },
]

function entity(i: number): OnlineRequest {
  return { view: VIEW, keys: [`N${(i * 7_919) % ENTITIES}`] }
}

interface Cost {
  readonly ms: number
  /** Of this process; a Redis has its own beside it. */
  readonly cpuUs: number
}

async function run(read: Read, { lookUps, batch, concurrency }: Load): Promise<Cost> {
  let next = 0
  const started = performance.now()
  const before = process.cpuUsage()
  const ask = async () => {
    while (next < lookUps) {
      const from = next
      next += batch
      await read(Array.from({ length: batch }, (_, i) => entity(from + i)))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, ask))
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - started, cpuUs: user + system }
}

async function fill(store: OnlineStore): Promise<void> {
  await store.clear(VIEW)
  const rows = Array.from({ length: ENTITIES }, (_, i) => ({
    keys: [`N${i}`],
    values: { mean: i / 7, share: 0.5, top: 'DL', last: null },
    eventTimeMs: i,
  }))
  for (let from = 0; from < ENTITIES; from += 10_000) {
    await store.put(VIEW, rows.slice(from, from + 10_000))
  }
  const [row] = await store.read([{ view: VIEW, keys: ['N70'] }])
  if (row?.values.mean !== 10) throw new Error('the store does not hold what was put')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-online-'))
const url = process.env.ESTEIRA_BENCH_REDIS_URL ?? 'redis://127.0.0.1:6379/9'
const stores = {
  SQLite: openOnlineStore(join(folder, 'online.db')),
  Redis: openRedisOnlineStore({ url, project: `bench-${process.pid}` }),
}
console.log(`${cpus()[0]?.model}, Node ${process.versions.node}; medians of ${ROUNDS} rounds`)
const figures: Record<string, number> = {}
try {
  for (const [name, store] of Object.entries(stores)) {
    await fill(store)
    const reader = createFeatureReader({ online: store })
    const terms = { deadlineMs: 60_000, keeps: false }
    const ways: Readonly<Record<string, Read>> = {
      port: (requests) => store.read(requests),
      'port and guard': (requests) => reader.read(requests, terms),
    }
    for (const [way, read] of Object.entries(ways)) {
      for (const load of LOADS) {
        const costs: Cost[] = []
        for (let round = 0; round < ROUNDS; round++) costs.push(await run(read, load))
        const ms = median(costs.map((cost) => cost.ms))
        const cpuUs = median(costs.map((cost) => cost.cpuUs)) / load.lookUps
        const perSecond = Math.round((load.lookUps / ms) * 1_000)
        const label = `${name}, ${way}, ${load.name}`
        figures[label] = perSecond
        const cpu = `${cpuUs.toFixed(2)} µs of this process's CPU each`
        console.log(`${label}: ${perSecond.toLocaleString('en')} look-ups/s, ${cpu}`)
      }
    }
  }
  console.log(JSON.stringify({ bench: 'online-store', lookUpsPerSecond: figures }))
} finally {
  await stores.Redis.clear(VIEW).catch(() => undefined)
  for (const store of Object.values(stores)) await store.close()
  rmSync(folder, { recursive: true })
}
