import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/core/time/index.ts'
import {
  type OnlineStore,
  openOnlineStore,
  openRedisOnlineStore,
} from '../../src/platform/storage/index.ts'
import {
  ENDPOINT,
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createGateway, type Gateway } from '../../src/surfaces/gateway/index.ts'
import { type OwnRedis, ownRedis } from './fixtures/own-redis.ts'

type OnFailure = 'last-value' | 'default' | 'error'

let folder: string
let scene: GatewayScene
let gateway: Gateway
let online: OnlineStore
let asked = 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-feature-store-'))
})
afterEach(async () => {
  await gateway.close()
  await online.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

/** Serves a model whose `hour` is looked up; JFK's is 17, the view's default is 12. */
async function serve(store: OnlineStore, onFailure: OnFailure): Promise<void> {
  online = store
  scene = await openGatewayScene(folder, { featureStore: { deadline: '150ms', onFailure } })
  await scene.addVersion('first', { featureView: true })
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, online, clock: systemClock })
  await gateway.listen()
}

async function publish(store: OnlineStore = online): Promise<void> {
  const eventTimeMs = Date.now() - 2 * 3_600_000
  await store.put('airport', [{ keys: ['JFK'], values: { hour: 17 }, eventTimeMs }])
}

interface Told {
  readonly status: number
  readonly code?: string
  readonly retryAfter?: string | null
  /** What the model saw as `hour`. */
  readonly hour?: unknown
  readonly flags?: readonly string[]
}

async function ask(origin = 'JFK'): Promise<Told> {
  const id = `r${asked++}`
  const tensor = (name: string, datatype: string, value: unknown) => {
    return { name, datatype, shape: [1], data: [value] }
  }
  const inputs = [
    tensor('distance', 'FP64', 900),
    tensor('carrier', 'BYTES', 'B6'),
    tensor('origin', 'BYTES', origin),
  ]
  const response = await fetch(`${gateway.address}/v2/models/${ENDPOINT}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, inputs }),
  })
  const { status } = response
  const body = (await response.json()) as { readonly code?: string }
  const retryAfter = response.headers.get('retry-after')
  if (status !== 200) return { status, code: body.code ?? '', retryAfter }
  const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: -1e15, toMs: 1e15 })
  const entry = logged.find((candidate) => candidate.id === id)
  return { status, hour: entry?.inputs.airport__hour, flags: entry?.flags ?? [] }
}

const FOUND = { status: 200, hour: 17, flags: [] }
const fallback = (hour: number | null) => {
  return { status: 200, hour, flags: ['feature-fallback:airport'] }
}

/** Asks until the store's own answer is back. */
async function expectRecovery(): Promise<void> {
  await vi.waitFor(async () => expect(await ask()).toEqual(FOUND), {
    timeout: 30_000,
    interval: 100,
  })
}

async function lookUps(result: string): Promise<number> {
  const text = await (await fetch(`${gateway.address}/metrics`)).text()
  const line = new RegExp(
    `^esteira_gateway_feature_lookups_total\\{model="${ENDPOINT}",view="airport",result="${result}"\\} (\\d+)$`,
    'm',
  )
  return Number(line.exec(text)?.[1])
}

describe('Redis', () => {
  let redis: OwnRedis
  beforeEach(async () => {
    redis = await ownRedis()
  })
  afterEach(() => redis.dispose())

  async function serveRedis(onFailure: OnFailure): Promise<void> {
    await serve(openRedisOnlineStore({ url: redis.url, project: 'p' }), onFailure)
    await publish()
    expect(await ask()).toEqual(FOUND)
  }

  test('that stands still: the last value, the default of what was never seen, and back', async () => {
    await serveRedis('last-value')
    redis.freeze()
    // More than it takes to let the store rest.
    for (let i = 0; i < 8; i++) expect(await ask()).toEqual(fallback(17))
    expect(await ask('EWR')).toEqual(fallback(12))
    expect((await lookUps('late')) + (await lookUps('failed'))).toBe(9)
    redis.thaw()
    await expectRecovery()
  })

  test('that was killed, and starts again without what it had', async () => {
    await serveRedis('error')
    await redis.kill()
    const told = await Promise.all(Array.from({ length: 20 }, () => ask()))
    for (const { status, code } of told) {
      expect(status).toBe(503)
      expect(['FEATURE_STORE_FAILED', 'FEATURE_STORE_LATE']).toContain(code)
    }
    // Without a connection nobody waits for the deadline.
    expect(await ask()).toEqual({ status: 503, code: 'FEATURE_STORE_FAILED', retryAfter: '1' })
    expect(await lookUps('failed')).toBeGreaterThan(0)
    await redis.start()
    await vi.waitFor(async () => expect((await ask()).status).toBe(200), { timeout: 30_000 })
    expect(await ask()).toEqual({ status: 200, hour: null, flags: [] })
    await publish()
    expect(await ask()).toEqual(FOUND)
  })

  test('that is slow: the view’s default, in time', async () => {
    await serveRedis('default')
    await redis.pause(3_000)
    expect(await ask()).toEqual(fallback(12))
    expect(await lookUps('late')).toBe(1)
    await expectRecovery()
  })

  test('that is not there when the gateway starts', async () => {
    await redis.kill()
    await serve(openRedisOnlineStore({ url: redis.url, project: 'p' }), 'default')
    expect(await ask()).toEqual(fallback(12))
    await redis.start()
    const other = openRedisOnlineStore({ url: redis.url, project: 'p' })
    await publish(other)
    await other.close()
    await expectRecovery()
  })

  test('under a crowd while it stands still: every request is answered', async () => {
    await serveRedis('last-value')
    redis.freeze()
    const told = await Promise.all(Array.from({ length: 400 }, () => ask()))
    const statuses = new Set(told.map(({ status }) => status))
    // Requests beyond deployment.limits.maxInFlight are told to come back.
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(told.filter(({ hour }) => hour === 17).length).toBeGreaterThan(0)
    for (const { status, code } of told) if (status === 503) expect(code).toBe('OVERLOADED')
    redis.thaw()
    await expectRecovery()
  })
})

describe('the embedded store', () => {
  test('whose file was broken and mended', async () => {
    const path = join(folder, 'own.db')
    const seed = openOnlineStore(path)
    // More than is kept in memory, so that the file must be read.
    const values = { hour: 9, note: 'long '.repeat(500) }
    const others = Array.from({ length: 4_000 }, (_, i) => ({
      keys: [`K${i}`],
      values,
      eventTimeMs: 0,
    }))
    await seed.put('airport', others)
    await publish(seed)
    await seed.close()
    copyFileSync(path, `${path}.whole`)
    await serve(openOnlineStore(path), 'last-value')
    expect(await ask()).toEqual(FOUND)
    writeFileSync(path, Buffer.alloc(statSync(path).size, 'no database '))
    for (let i = 0; i < 4_000; i += 500) await ask(`K${i}`)
    expect(await ask()).toEqual(fallback(17))
    expect(await ask('EWR')).toEqual(fallback(12))
    expect(await lookUps('failed')).toBeGreaterThanOrEqual(2)
    copyFileSync(`${path}.whole`, path)
    await expectRecovery()
  })

  test('that somebody writes to for long: reads do not wait', async () => {
    const path = join(folder, 'own.db')
    await serve(openOnlineStore(path), 'error')
    await publish()
    const writer = new DatabaseSync(path)
    writer.exec('BEGIN IMMEDIATE; DELETE FROM feature_rows')
    expect(await ask()).toEqual(FOUND)
    writer.exec('COMMIT')
    writer.close()
    expect(await ask()).toEqual({ status: 200, hour: null, flags: [] })
  })
})
