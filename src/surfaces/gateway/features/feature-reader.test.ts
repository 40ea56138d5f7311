import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type OnlineStore, openOnlineStore } from '../../../platform/storage/index.ts'
import { createFeatureReader } from './feature-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-reader-'))
afterAll(() => rmSync(folder, { recursive: true }))

const REQUEST = { view: 'v', keys: ['a'] }
const ROW = { keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }
const TERMS = { deadlineMs: 60_000, keeps: false }

let stores = 0
let store: OnlineStore
beforeEach(async () => {
  store = openOnlineStore(join(folder, `${stores++}.db`))
  await store.put('v', [ROW])
})
afterEach(() => store.close())

/** The store as a slow network shows it: no answer leaves before it is let go. */
function held() {
  const gates: (() => void)[] = []
  const online: OnlineStore = {
    ...portOf(store),
    async read(requests) {
      await new Promise<void>((resolve) => gates.push(resolve))
      return store.read(requests)
    },
  }
  return {
    online,
    get asked() {
      return gates.length
    },
    letGo: () => {
      for (const open of gates.splice(0)) open()
    },
  }
}

function portOf(whole: OnlineStore): OnlineStore {
  return {
    read: (requests) => whole.read(requests),
    put: (view, rows) => whole.put(view, rows),
    clear: (view) => whole.clear(view),
    count: (view) => whole.count(view),
    close: () => whole.close(),
  }
}

/** The store while it cannot be reached, as long as `isAway`. */
function away() {
  const state = { isAway: true, asked: 0 }
  const online: OnlineStore = {
    ...portOf(store),
    async read(requests) {
      state.asked++
      if (state.isAway) throw new Error('nobody there')
      return store.read(requests)
    },
  }
  return { state, online }
}

describe('a feature reader', () => {
  it('takes what the embedded store has, even for a request that is late already', async () => {
    const reader = createFeatureReader({ online: store })
    const terms = { deadlineMs: 0, startedAt: performance.now() - 60_000, keeps: false }
    for (let i = 0; i < 20; i++) {
      expect(await reader.read([REQUEST], terms)).toEqual({ outcome: 'answered', rows: [ROW] })
    }
  })

  it('waits no longer than the deadline, counted from the request’s start', async () => {
    const slow = held()
    const reader = createFeatureReader({ online: slow.online })
    const patient = reader.read([REQUEST], TERMS)
    const startedAt = performance.now() - 59_999
    const hurried = reader.read([REQUEST], { ...TERMS, startedAt })
    // The first still waits when the second is told; the other way round this would never end.
    expect(await hurried).toEqual({ outcome: 'late' })
    slow.letGo()
    expect(await patient).toEqual({ outcome: 'answered', rows: [ROW] })
  })

  it('asks no more while too many questions are without an answer', async () => {
    const slow = held()
    const reader = createFeatureReader({ online: slow.online, mostUnderWay: 3 })
    const asked = Array.from({ length: 5 }, () => reader.read([REQUEST], TERMS))
    expect(slow.asked).toBe(3)
    expect(await Promise.all(asked.slice(3))).toEqual([{ outcome: 'late' }, { outcome: 'late' }])
    slow.letGo()
    const answers = await Promise.all(asked.slice(0, 3))
    expect(answers.map(({ outcome }) => outcome)).toEqual(['answered', 'answered', 'answered'])
    const next = reader.read([REQUEST], TERMS)
    slow.letGo()
    expect(await next).toMatchObject({ outcome: 'answered' })
  })

  it('leaves a failing store in peace, asks it now and then, and goes on once it answers', async () => {
    const { state, online } = away()
    let nowMs = 0
    const reader = createFeatureReader({ online, now: () => nowMs })
    const ask = () => reader.read([REQUEST], TERMS)
    for (let i = 0; i < 50; i++) {
      expect(await ask()).toMatchObject({ outcome: 'failed', cause: new Error('nobody there') })
    }
    expect(state.asked).toBe(5)
    for (nowMs = 1_000; nowMs < 4_000; nowMs += 10) await ask()
    expect(state.asked).toBe(8)
    state.isAway = false
    nowMs = 5_000
    expect(await ask()).toMatchObject({ outcome: 'answered' })
    expect(await ask()).toMatchObject({ outcome: 'answered' })
  })

  it('keeps what it saw when it is told to, also what came too late', async () => {
    const slow = held()
    const reader = createFeatureReader({ online: slow.online })
    const late = await reader.read([REQUEST], { deadlineMs: 0, keeps: true })
    expect(late).toEqual({ outcome: 'late' })
    expect(reader.lastValue(REQUEST)).toBe(undefined)
    slow.letGo()
    await setImmediate()
    expect(reader.lastValue(REQUEST)).toEqual(ROW)
    const forgetful = createFeatureReader({ online: store })
    await forgetful.read([REQUEST], TERMS)
    expect(forgetful.lastValue(REQUEST)).toBe(undefined)
  })

  it('has the rows of the embedded store without a promise, however many ask at once', () => {
    const reader = createFeatureReader({ online: store, mostUnderWay: 3 })
    for (let i = 0; i < 10; i++) {
      expect(reader.read([REQUEST], TERMS)).toEqual({ outcome: 'answered', rows: [ROW] })
    }
    expect(reader.lastValue(REQUEST)).toBe(undefined)
    reader.read([REQUEST, { view: 'v', keys: ['b'] }], { ...TERMS, keeps: true })
    expect(reader.lastValue(REQUEST)).toEqual(ROW)
  })

  it('leaves a store in peace that fails at once, and falls back meanwhile', () => {
    let [asked, isBroken, nowMs] = [0, false, 0]
    const online: OnlineStore = {
      ...portOf(store),
      readNow(requests) {
        asked++
        if (isBroken) throw new Error('broken')
        return store.readNow?.(requests) ?? []
      },
    }
    const reader = createFeatureReader({ online, now: () => nowMs })
    const ask = () => reader.read([REQUEST], { ...TERMS, keeps: true })
    expect(ask()).toMatchObject({ outcome: 'answered' })
    isBroken = true
    for (let i = 0; i < 50; i++) {
      expect(ask()).toEqual({ outcome: 'failed', cause: new Error('broken') })
    }
    expect([asked, reader.lastValue(REQUEST)]).toEqual([6, ROW])
    for (nowMs = 1_000; nowMs < 4_000; nowMs += 10) ask()
    expect(asked).toBe(9)
    isBroken = false
    nowMs = 5_000
    expect([ask(), ask()]).toMatchObject([{ outcome: 'answered' }, { outcome: 'answered' }])
  })
})
