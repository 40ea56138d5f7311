/**
 * Look-ups a second of the online store: the embedded one and Redis, one view of 100,000 entities
 * with four features, through the port alone and through the gateway's guard. Then what one looked-up
 * row costs the gateway's whole look-up, 16 rows a round of the event loop, when 1,000 entities are
 * hot, and when something is committed in each round, so that nothing that was kept may be used.
 *
 *     node bench/online-store.ts
 *
 * `ESTEIRA_BENCH_REDIS_URL` names the Redis; by default database 9 of 127.0.0.1:6379. What is
 * written there is removed again.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextRound } from 'node:timers/promises'
import {
  type OnlineRequest,
  type OnlineStore,
  openOnlineStore,
  openRedisOnlineStore,
} from '../src/platform/storage/index.ts'
import { createFeatureReader } from '../src/surfaces/gateway/features/feature-reader.ts'
import { createFeatureLookup } from '../src/surfaces/gateway/features/look-up-features.ts'
import { SentColumns } from '../src/surfaces/gateway/sent-columns.ts'

const ENTITIES = 100_000
const ROUNDS = 5
const VIEW = 'bench'

type Read = (requests: readonly OnlineRequest[]) => unknown

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

const HOT_ENTITIES = 1_000
const AT_ONCE = 16
const HOT_LOOK_UPS = 100_000
const PLACES: ReadonlyMap<string, number> = new Map([['id', 0]])
const LOOKED_UP = [
  {
    view: VIEW,
    keys: ['id'],
    availabilityDelayMs: 0,
    timeToLiveMs: null,
    inputs: ['mean', 'share'].map((feature) => ({
      feature,
      name: `${VIEW}__${feature}`,
      default: null,
    })),
  },
]

/** Microseconds of this process's CPU a look-up, without what the loop takes by itself. */
async function costOfLookUp(store: OnlineStore, commits: boolean): Promise<number> {
  const lookup = createFeatureLookup(store, () => ({
    missingFeatures: 'error',
    featureStore: { deadline: '150ms', onFailure: 'error' },
  }))
  let written = 0
  const through = async (isAsked: boolean) => {
    const before = process.cpuUsage()
    for (let i = 0; i < HOT_LOOK_UPS; i += AT_ONCE) {
      const call = { views: LOOKED_UP, timeMs: ENTITIES, startedAt: performance.now() }
      const found = Array.from({ length: AT_ONCE }, (_, j) => {
        const columns = new SentColumns(PLACES)
        columns.add('id', [`N${(i + j) % HOT_ENTITIES}`])
        return isAsked ? lookup.lookUp({ rows: 1, columns }, call) : columns
      })
      await Promise.all(found)
      // The same row again would change nothing in the file.
      if (commits) await store.put('w', [{ keys: [0], values: { x: ++written }, eventTimeMs: 0 }])
      await nextRound()
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / HOT_LOOK_UPS
  }
  const costs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await through(false)
    costs.push((await through(true)) - alone)
  }
  return median(costs)
}

const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-online-'))
const url = process.env.ESTEIRA_BENCH_REDIS_URL ?? 'redis://127.0.0.1:6379/9'
const stores = {
  SQLite: openOnlineStore(join(folder, 'online.db')),
  Redis: openRedisOnlineStore({ url, project: `bench-${process.pid}` }),
}
console.log(`${cpus()[0]?.model}, Node ${process.versions.node}; medians of ${ROUNDS} rounds`)
const figures: Record<string, number> = {}
const lookUpUs: Record<string, number> = {}
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
  for (const [what, commits] of [
    ['hot', false],
    ['never kept', true],
  ] as const) {
    const cost = await costOfLookUp(stores.SQLite, commits)
    console.log(`SQLite, whole look-up of one row, ${what}: ${cost.toFixed(2)} µs of CPU`)
    lookUpUs[what] = Number(cost.toFixed(2))
  }
  console.log(JSON.stringify({ bench: 'online-store', lookUpsPerSecond: figures, lookUpUs }))
} finally {
  await stores.Redis.clear(VIEW).catch(() => undefined)
  for (const store of Object.values(stores)) await store.close()
  rmSync(folder, { recursive: true })
}
