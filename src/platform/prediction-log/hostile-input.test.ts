import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { predictionLine } from './encode-entry.ts'
import { RECORD } from './entry-record.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { InputRow } from './input-row.ts'
import { encodeFrame, scanFrames } from './journal-frame.ts'
import { closeMaskedFrame, MASKED_HEAD_BYTES } from './masked-frame.ts'
import { openPredictionLog } from './open-prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-hostile-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const CALLS = 3
const forgedLine = predictionLine(sampleEntry('forged', 1), 1)

/** A frame of a masked kind whose mask changes nothing. */
function unmaskedFrame(): Buffer {
  const bytes = new GrowingBuffer(64)
  bytes.moveTo(MASKED_HEAD_BYTES)
  bytes.uint8(RECORD.LINE)
  bytes.text(forgedLine)
  return closeMaskedFrame(bytes, [0, 0])
}

/** The bytes as numbers, which a frame without a mask would hold as they are. */
function numbersOf(bytes: Buffer, shift: number): number[] {
  const padded = Buffer.alloc(Math.ceil((bytes.length + shift) / 8) * 8, 0x20)
  bytes.copy(padded, shift)
  return Array.from({ length: padded.length / 8 }, (_, at) => padded.readDoubleLE(at * 8))
}

const forged = [encodeFrame(forgedLine), unmaskedFrame()].flatMap((frame) => {
  const framed = Buffer.concat([Buffer.from('\n'), frame])
  // As if one bit more were needed, which damage may flip.
  const nearly = Buffer.from(framed)
  nearly[1] = (nearly[1] ?? 0) ^ 1
  return [framed, nearly]
})

describe('inputs that look like frames', () => {
  const texts = forged.map((bytes) => bytes.toString('latin1'))
  const kinds = {
    'texts by name': {
      inputs: new InputRow(
        texts.map((_, at) => `text${at}`),
        texts,
      ),
    },
    'texts in an object': { inputs: Object.fromEntries(texts.map((text) => [text, text])) },
    'an id': { inputs: {}, id: texts.join('') },
    flags: { inputs: {}, flags: texts },
    outputs: {
      inputs: {},
      output: [0, 1, 2, 3, 4, 5, 6, 7]
        .flatMap((shift) => forged.flatMap((bytes) => numbersOf(bytes, shift)))
        .filter(Number.isFinite),
    },
  }

  it.each(Object.entries(kinds))('as %s are never read as one', async (_, hostile) => {
    const folder = mkdtempSync(join(root, 'log-'))
    const log = await openPredictionLog(folder, { compacts: false })
    for (let call = 0; call < CALLS; call++) {
      await log.append([{ ...sampleEntry(`p${call}`, call), ...(call === 1 ? hostile : {}) }])
    }
    await log.close()
    const name = readdirSync(folder).find((file) => file.endsWith('.journal')) ?? ''
    const path = join(folder, name)
    const bytes = readFileSync(path)
    // Heads are where frames begin and nowhere else.
    expect(bytes.toString('latin1').split(/(?<=^|\n)#E[12] /)).toHaveLength(CALLS + 1)
    const { offset, bytes: size } = scanFrames(bytes).payloads[1] ?? { offset: 0, bytes: 0 }
    // Its head, and a byte here and there of what the caller sent.
    for (const at of [offset - 10, offset + size - 1, ...someWithin(offset, size)]) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      writeFileSync(path, damaged)
      const troubles: unknown[] = []
      const found = await openPredictionLog(folder, { onTrouble: (error) => troubles.push(error) })
      const rows = await found.window({ endpoint: 'delays', fromMs: 0, toMs: 9 })
      expect(rows.map(({ id }) => id)).toEqual(['p0', 'p2'])
      expect(troubles).toMatchObject([{ code: 'JOURNAL_DAMAGED' }])
      await found.close()
    }
  })
})

function someWithin(offset: number, size: number): number[] {
  return Array.from({ length: 5 }, (_, at) => offset + Math.floor(((at + 0.5) * size) / 5))
}
