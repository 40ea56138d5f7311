import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { compactLog } from './compact-log.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { encodeFrame, endsLikeFrame, scanFrames } from './journal-frame.ts'
import { closeMaskedFrame, MASKED_HEAD_BYTES, MaskSource, unmask } from './masked-frame.ts'
import { openPredictionLog } from './open-prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-damage-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const CALLS = 5
const everything = { endpoint: 'delays', fromMs: 0, toMs: 1e15 }

let folder: string
let journal: string
beforeEach(async () => {
  folder = mkdtempSync(join(root, 'log-'))
  const log = await openPredictionLog(folder, { compacts: false })
  for (let i = 0; i < CALLS; i++) await log.append([sampleEntry(`p${i}`, i)])
  await log.close()
  const name = readdirSync(folder).find((file) => file.endsWith('.journal'))
  journal = join(folder, name ?? '')
})

/** Flips one bit of the call that is given: each is in a frame of its own. */
function flip(call: number): void {
  const bytes = readFileSync(journal)
  const { offset } = scanFrames(bytes).payloads[call] ?? { offset: 0 }
  const at = offset + 40
  bytes[at] = (bytes[at] ?? 0) ^ 4
  writeFileSync(journal, bytes)
}

async function read() {
  const troubles: unknown[] = []
  const log = await openPredictionLog(folder, { onTrouble: (error) => troubles.push(error) })
  const ids = (await log.window(everything)).map(({ id }) => id)
  await log.window(everything)
  await log.close()
  return { ids, troubles }
}

describe('a damaged journal', () => {
  it('is named with place and size, once, and everything else in it is read', async () => {
    flip(2)
    const { ids, troubles } = await read()
    expect(ids).toEqual(['p0', 'p1', 'p3', 'p4'])
    expect(troubles).toMatchObject([{ code: 'JOURNAL_DAMAGED', details: { path: journal } }])
    expect(troubles).toMatchObject([{ details: { bytes: expect.any(Number) } }])
  })

  it('is kept aside by a compaction, which notes what it skipped', async () => {
    flip(2)
    await compactLog(folder)
    expect((await read()).ids).toEqual(['p0', 'p1', 'p3', 'p4'])
    expect(readdirSync(join(folder, 'damaged'))).toHaveLength(1)
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    expect(manifest.damaged).toHaveLength(1)
  })

  it('is one too when its last entry is changed, or its end is missing', async () => {
    flip(CALLS - 1)
    expect(await read()).toMatchObject({
      ids: ['p0', 'p1', 'p2', 'p3'],
      troubles: [{ code: 'JOURNAL_DAMAGED' }],
    })
    truncateSync(journal, readFileSync(journal).length - 3)
    expect((await read()).troubles).toMatchObject([{ code: 'JOURNAL_DAMAGED' }])
  })

  it('is none when a killed writer left half a frame', async () => {
    rmSync(journal.replace(/\.journal$/, '.sealed'))
    const end = readFileSync(journal).length
    for (const frame of [encodeFrame('{"k":"p"}\n'), maskedFrame('{"k":"p"}\n')]) {
      for (const cut of [1, 25, frame.length - 1]) {
        truncateSync(journal, end)
        appendFileSync(journal, frame.subarray(0, cut))
        expect(await read()).toEqual({ ids: ['p0', 'p1', 'p2', 'p3', 'p4'], troubles: [] })
      }
    }
  })

  it('is one when a frame holds what this version does not know', async () => {
    // A text's length is no kind of a record.
    appendFileSync(journal, maskedFrame('x'.repeat(0xee)))
    const { ids, troubles } = await read()
    expect(ids).toEqual(['p0', 'p1', 'p2', 'p3', 'p4'])
    expect(troubles).toMatchObject([{ code: 'JOURNAL_DAMAGED' }])
  })
})

const plain = ['{"a":1}\n', '{"b":"ü"}\n{"c":"#E1 "}\n', '{"d":2}\n']
const masks = new MaskSource()

function maskedFrame(text: string): Buffer {
  const bytes = new GrowingBuffer(16)
  bytes.moveTo(MASKED_HEAD_BYTES)
  bytes.text(text)
  return closeMaskedFrame(bytes, masks.draw())
}

describe.each([
  ['of lines', plain.map(encodeFrame)],
  ['of records', plain.map(maskedFrame)],
  ['of both kinds', [encodeFrame, maskedFrame, encodeFrame].map((of, i) => of(plain[i] ?? ''))],
])('frames %s', (_, frames) => {
  const whole = Buffer.concat(frames)
  const textsOf = (bytes: Buffer) =>
    scanFrames(bytes).payloads.map((payload) => {
      const { offset, bytes: length, mask } = payload
      if (mask === undefined) return bytes.subarray(offset, offset + length).toString()
      return new ByteReader(unmask(bytes, payload)).text()
    })
  const texts = textsOf(whole)

  it('come back as they were written', () => {
    expect(texts).toEqual(plain)
    expect(scanFrames(whole)).toMatchObject({ damaged: [], end: whole.length })
  })

  it('that were cut anywhere are a part of the row from its beginning, and a rest', () => {
    for (let cut = 0; cut < whole.length; cut++) {
      const bytes = whole.subarray(0, cut)
      const found = scanFrames(bytes)
      expect(found.damaged).toEqual([])
      expect(texts.slice(0, found.payloads.length)).toEqual(textsOf(bytes))
      expect(found.end < cut && endsLikeFrame(bytes.subarray(found.end))).toBe(false)
    }
  })

  it('with any bit flipped are skipped or told to be a changed rest; no wrong byte comes through', () => {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const found = scanFrames(bytes)
      const got = textsOf(bytes)
      expect(got.length).toBeLessThan(texts.length)
      expect(got.every((text) => texts.includes(text))).toBe(true)
      // At most the frame with the bit is gone, and its neighbour when the line between them is.
      expect(got.length).toBeGreaterThanOrEqual(texts.length - 2)
      expect(found.damaged.length + Number(found.end < bytes.length)).toBeGreaterThanOrEqual(1)
    }
  })
})
