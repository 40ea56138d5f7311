import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestDatabase,
  DIALECTS,
  type FixedClock,
  fixedClock,
  type TestDatabase,
} from '../../../testkit/index.ts'
import type { Database } from '../../database/index.ts'
import { createLeases } from './database-leases.ts'
import type { Leases } from './lease.ts'

const TTL_MS = 1_000

/** Takes a lease for a second, says so, and then lives on until it is killed. */
function holderProgram(url: string): string {
  const file = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
  return `
import { openDatabase } from ${file('../../database/index.ts')}
import { createLeases } from ${file('./database-leases.ts')}
const leases = createLeases(await openDatabase({ url: ${JSON.stringify(url)} }), { owner: 'child' })
await leases.withLease('nightly', { ttlMs: 600 }, async (signal, lease) => {
  console.log('held ' + lease.fence)
  setInterval(() => {}, 1_000)
  await new Promise(() => {})
})`
}

describe.each(DIALECTS)('leases on %s', (dialect) => {
  let scene: TestDatabase
  let clock: FixedClock
  let databases: Database[]
  let one: Leases
  let two: Leases
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    clock = fixedClock(1_000)
    databases = [await scene.open(), await scene.open()]
    const [first, second] = databases as [Database, Database]
    one = createLeases(first, { owner: 'one', clock })
    two = createLeases(second, { owner: 'two', clock })
  })
  afterEach(() => scene.dispose())

  it('have one holder at a time, the same owner asked twice included', async () => {
    const asked = Array.from({ length: 10 }, (_, i) =>
      (i % 2 === 0 ? one : two).acquire('nightly', TTL_MS),
    )
    const held = (await Promise.all(asked)).filter((lease) => lease !== undefined)
    expect(held).toEqual([{ name: 'nightly', fence: 1 }])
    expect(await one.acquire('hourly', TTL_MS)).toEqual({ name: 'hourly', fence: 1 })
  })

  it('run out, and are renewed only by the one who has them', async () => {
    const lease = await one.acquire('nightly', TTL_MS)
    if (lease === undefined) throw new Error('nobody else holds it')
    clock.advance(TTL_MS - 1)
    expect(await two.acquire('nightly', TTL_MS)).toBeUndefined()
    expect(await one.renew(lease, TTL_MS)).toBe(true)
    clock.advance(TTL_MS - 1)
    expect(await two.acquire('nightly', TTL_MS)).toBeUndefined()
    clock.advance(1)
    expect(await two.acquire('nightly', TTL_MS)).toEqual({ name: 'nightly', fence: 2 })
    expect(await one.renew(lease, TTL_MS)).toBe(false)
    await one.release(lease)
    expect(await one.acquire('nightly', TTL_MS)).toBeUndefined()
  })

  it('are free at once when they are released, and count on', async () => {
    const worked = await one.withLease('nightly', { ttlMs: TTL_MS }, async (_, { fence }) => fence)
    expect(worked).toEqual({ held: true, value: 1 })
    expect(await two.acquire('nightly', TTL_MS)).toEqual({ name: 'nightly', fence: 2 })
    const refused = await one.withLease('nightly', { ttlMs: TTL_MS }, async () => 1)
    expect(refused).toEqual({ held: false })
  })

  it('are released when the work fails', async () => {
    const failing = one.withLease('nightly', { ttlMs: TTL_MS }, async () => {
      throw new Error('no disk')
    })
    await expect(failing).rejects.toThrow('no disk')
    expect((await two.acquire('nightly', TTL_MS))?.fence).toBe(2)
  })

  it('let nobody write who lost theirs', async () => {
    const lease = await one.acquire('nightly', TTL_MS)
    if (lease === undefined) throw new Error('nobody else holds it')
    const write = () =>
      databases[0]?.transaction(async (transaction) => {
        await one.guard(transaction, lease)
        await transaction.insertInto('steps').values({ key: 'late', json: '{}' }).execute()
      })
    await write()
    clock.advance(TTL_MS)
    await two.acquire('nightly', TTL_MS)
    await expect(write()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })

  it('tell the work that they are lost', async () => {
    const working = one.withLease('nightly', { ttlMs: 150 }, async (signal) => {
      // What another server does when this one stood still for too long.
      clock.advance(150)
      await two.acquire('nightly', TTL_MS)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'too late'
    })
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(await one.acquire('nightly', TTL_MS)).toBeUndefined()
  })

  it('are lost when the database is gone for longer than they last', async () => {
    const working = one.withLease('nightly', { ttlMs: 150 }, async (signal) => {
      await databases[0]?.close()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })

  it('last as long as the work does', async () => {
    const real = createLeases(databases[0] as Database, { owner: 'one' })
    const other = createLeases(databases[1] as Database, { owner: 'two' })
    const taken = await real.withLease('nightly', { ttlMs: 300 }, async () => {
      await setTimeout(900)
      return other.acquire('nightly', TTL_MS)
    })
    expect(taken).toEqual({ held: true, value: undefined })
  })

  it('of a killed process are taken over when their time is over', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', holderProgram(scene.url)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    const [said] = await child.stdout.setEncoding('utf8').take(1).toArray()
    expect(said).toBe('held 1\n')
    const other = createLeases(databases[0] as Database, { owner: 'two' })
    expect(await other.acquire('nightly', TTL_MS)).toBeUndefined()
    child.kill('SIGKILL')
    await closed
    let lease = await other.acquire('nightly', TTL_MS)
    while (lease === undefined) {
      await setTimeout(20)
      lease = await other.acquire('nightly', TTL_MS)
    }
    expect(lease.fence).toBe(2)
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuse to last %d ms', async (ttlMs) => {
    await expect(one.acquire('nightly', ttlMs)).rejects.toThrow(RangeError)
  })
})
