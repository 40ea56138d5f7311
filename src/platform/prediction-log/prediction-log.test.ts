import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ExposureEntry, MirrorEntry } from '../../core/records/index.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { InputRow } from './input-row.ts'
import { openPredictionLog } from './open-prediction-log.ts'
import type { PredictionLog } from './prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-predictions-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('the prediction log', () => {
  let log: PredictionLog
  let path: string
  let files = 0
  beforeEach(async () => {
    path = join(root, `${files++}`)
    log = await openPredictionLog(path)
  })
  afterEach(() => log.close())
  const ids = async (options: Partial<Parameters<PredictionLog['window']>[0]>) => {
    const found = await log.window({ endpoint: 'delays', fromMs: 0, toMs: 1e15, ...options })
    return found.map(({ id }) => id)
  }

  it('gives entries back as they were written', async () => {
    const second = sampleEntry('b', 2, { decision: null, output: [-3.25], inputs: {}, flags: [] })
    await log.append([sampleEntry('a', 1), second])
    expect(await log.window({ endpoint: 'delays', fromMs: 0, toMs: 10 })).toEqual([
      { ...sampleEntry('a', 1), label: null },
      { ...second, label: null },
    ])
  })

  it('keeps the first exposure of a key in a run, with its prediction and label', async () => {
    const exposed = (key: string, id: string, timeMs: number): ExposureEntry => ({
      endpoint: 'delays',
      test: 'ab_1',
      key,
      arm: 'treatment',
      version: 1,
      prediction: id,
      timeMs,
    })
    await log.append([sampleEntry('a', 1)], [exposed('ana', 'a', 1)])
    await log.append(
      [sampleEntry('b', 2), sampleEntry('c', 3)],
      [exposed('ana', 'b', 2), exposed('bia', 'c', 3)],
    )
    await log.appendLabels([{ id: 'a', label: '1', timeMs: 5 }])
    const found = await log.exposed({ test: 'ab_1', toMs: 10 })
    expect(found.map(({ exposure }) => exposure)).toEqual([
      exposed('ana', 'a', 1),
      exposed('bia', 'c', 3),
    ])
    expect(found.map(({ prediction: { label } }) => label)).toEqual(['1', null])
    expect(
      (await log.exposed({ test: 'ab_1', toMs: 10, labelsKnownByMs: 4 }))[0]?.prediction.label,
    ).toBe(null)
    expect(await log.exposed({ test: 'ab_1', toMs: 3 })).toHaveLength(1)
    expect(await log.exposed({ test: 'ab_2', toMs: 10 })).toEqual([])
  })

  it('gives back what mirroring showed', async () => {
    const compared: MirrorEntry = {
      endpoint: 'delays',
      version: 2,
      id: 'a',
      timeMs: 5,
      outcome: 'compared',
      count: 1,
      difference: 0.25,
      changed: true,
      stableLatencyUs: 80,
      latencyUs: 95,
      error: null,
    }
    const dropped: MirrorEntry = {
      ...compared,
      outcome: 'dropped',
      count: 7,
      timeMs: 6,
      difference: null,
      changed: null,
      stableLatencyUs: null,
      latencyUs: null,
    }
    await log.appendMirrored([compared, dropped])
    const range = { endpoint: 'delays', version: 2, fromMs: 0, toMs: 10 }
    expect(await log.mirrored(range)).toEqual([compared, dropped])
    expect(await log.mirrored({ ...range, toMs: 6 })).toEqual([compared])
    expect(await log.mirrored({ ...range, version: 1 })).toEqual([])
  })

  it('cuts windows at [from, to), by endpoint and version, in the order of time', async () => {
    await log.append([
      sampleEntry('c', 30),
      sampleEntry('a', 10),
      sampleEntry('b', 20, { version: 2, role: 'canary' }),
      sampleEntry('other', 15, { endpoint: 'cancellations' }),
    ])
    expect(await ids({})).toEqual(['a', 'b', 'c'])
    expect(await ids({ fromMs: 10, toMs: 30 })).toEqual(['a', 'b'])
    expect(await ids({ fromMs: 10.5, toMs: 30.5 })).toEqual(['b', 'c'])
    expect(await ids({ version: 2 })).toEqual(['b'])
    expect([
      await log.count('delays'),
      await log.count('cancellations'),
      await log.count('none'),
    ]).toEqual([3, 1, 0])
  })

  it('shows a uniform sample of a large window, the same at each look, and says how large it is', async () => {
    const entries = Array.from({ length: 1_000 }, (_, i) => sampleEntry(`id-${i}`, i))
    await log.append([...entries, ...entries.slice(0, 100)])
    const query = { endpoint: 'delays', fromMs: 0, toMs: 1_000 }
    expect(await log.windowSize(query)).toBe(1_000)
    expect(await log.windowSize({ ...query, toMs: 500, atMost: 10 })).toBe(500)
    const sample = await log.window({ ...query, atMost: 200 })
    expect(new Set(sample.map(({ id }) => id)).size).toBe(200)
    expect(await log.window({ ...query, atMost: 200 })).toEqual(sample)
    // Of 200 drawn from 1,000, some 100 fall into the first half: 8 standard deviations either way.
    const early = sample.filter(({ timeMs }) => timeMs < 500).length
    expect(Math.abs(early - 100)).toBeLessThan(60)
    expect(sample.map(({ timeMs }) => timeMs)).toEqual(
      sample.map(({ timeMs }) => timeMs).toSorted((a, b) => a - b),
    )
    expect(await log.window({ ...query, atMost: 5_000 })).toHaveLength(1_000)
  })

  it('takes a retried request as one decision', async () => {
    await log.append([sampleEntry('a', 1), sampleEntry('a', 1, { output: [0.5, 0.5] })])
    await log.append([sampleEntry('a', 9, { output: [0.7, 0.3] })])
    const found = await log.window({ endpoint: 'delays', fromMs: 0, toMs: 100 })
    expect(found.map((entry) => entry.output)).toEqual([[0.1, 0.9]])
  })

  it('shows the labels that were known by a moment, and the last one by default', async () => {
    await log.appendLabels([{ id: 'b', label: 'early', timeMs: 1 }])
    await log.append([sampleEntry('a', 1), sampleEntry('b', 2)])
    await log.appendLabels([{ id: 'a', label: '0', timeMs: 100 }])
    await log.appendLabels([{ id: 'a', label: '1', timeMs: 200 }])
    const labels = async (labelsKnownByMs?: number) =>
      (
        await log.window({
          endpoint: 'delays',
          fromMs: 0,
          toMs: 10,
          ...(labelsKnownByMs === undefined ? {} : { labelsKnownByMs }),
        })
      ).map((entry) => entry.label)
    expect(await labels()).toEqual(['1', 'early'])
    expect(await labels(99)).toEqual([null, 'early'])
    expect(await labels(100)).toEqual(['0', 'early'])
    await log.appendLabels([{ id: 'a', label: 'corrected', timeMs: 200 }])
    expect(await labels()).toEqual(['corrected', 'early'])
  })

  it('keeps a batch whole or not at all', async () => {
    const broken = sampleEntry('b', 2, { output: [Number.NaN, 1] })
    await expect(log.append([sampleEntry('a', 1), broken])).rejects.toMatchObject({
      code: 'ENTRY_INVALID',
    })
    expect(await log.count('delays')).toBe(0)
  })

  it('refuses a call to its caller only, whatever is written in the same turn', async () => {
    const names = ['distance']
    const entry = (id: string, distance: number) => ({
      ...sampleEntry(id, distance),
      inputs: new InputRow(names, [distance]),
    })
    const exposure: ExposureEntry = {
      ...{ endpoint: 'delays', test: 't', key: 'ana', arm: 'control', version: 1 },
      ...{ prediction: 'b', timeMs: Number.NaN },
    }
    const calls = await Promise.allSettled([
      log.append([entry('a', 1)]),
      log.append([entry('b', 2)], [exposure]),
      log.append([entry('c', 3)]),
      log.appendLabels([{ id: 'a', label: '1', timeMs: 9e15 }]),
      log.append([entry('d', 4)], [{ ...exposure, prediction: 'd', timeMs: 4 }]),
      log.append([]),
    ])
    expect(calls.map(({ status }) => status === 'fulfilled')).toEqual(
      [true, false, true, false, true, true], // those with a time out of range
    )
    expect(await ids({})).toEqual(['a', 'c', 'd'])
    expect(await log.exposed({ test: 't', toMs: 9 })).toHaveLength(1)
  })

  it('refuses what would wait too long, in bytes, and keeps what it took', async () => {
    const text = '漢'.repeat(1_300_000)
    const calls = await Promise.allSettled(
      Array.from({ length: 24 }, (_, i) =>
        log.append([sampleEntry(`p${i}`, i, { inputs: { text } })]),
      ),
    )
    const refused = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason] : []))
    expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'LOG_BEHIND'))
    // 64 MB, in calls of 3.9 MB.
    expect(calls.length - refused.length).toBe(17)
    expect(refused[0]).toMatchObject({
      details: { waiting: expect.any(Number), limit: 64_000_000 },
    })
    expect(await log.count('delays')).toBe(17)
    await log.append([sampleEntry('after', 1)])
    await log.close()
    await expect(log.append([sampleEntry('c', 1)])).rejects.toMatchObject({ code: 'LOG_CLOSED' })
  })
})
