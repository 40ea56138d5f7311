import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linesOfRecords } from './decode-entries.ts'
import { predictionLine } from './encode-entry.ts'
import { EntryEncoder } from './entry-encoder.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { InputRow } from './input-row.ts'
import { scanFrames } from './journal-frame.ts'
import { MaskSource, unmask } from './masked-frame.ts'
import type { WrittenPrediction } from './prediction-log.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.string({ maxLength: 90 }),
  fc.constantFrom('\ud800', 'a\udc00', '\\ud800', '\\\ud800', '\u2028', '\u0000', '\n#E2 ', '漢'),
)
const cell = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.constantFrom(null, -0, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324, 1e21, 1e-7),
)
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })

const names = fc.uniqueArray(text, { maxLength: 6 })
const inputs = fc.oneof(
  fc.dictionary(text, cell),
  names.chain((all) =>
    fc
      .array(cell, { minLength: all.length, maxLength: all.length })
      .map((cells) => new InputRow(all, cells)),
  ),
)
const entry: fc.Arbitrary<WrittenPrediction> = fc.record({
  id: text,
  endpoint: text,
  version: fc.integer(),
  role: fc.constantFrom('stable', 'canary', 'control', 'treatment'),
  timeMs: fc.oneof(fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }), fc.integer()),
  inputs,
  output: fc.array(finite, { maxLength: 4 }),
  decision: fc.constantFrom(null, false, true),
  latencyUs: finite,
  flags: fc.array(text, { maxLength: 3 }),
})

function linesIn(encoder: EntryEncoder): string {
  encoder.commit()
  const frame = encoder.frame()
  const { payloads, damaged, end } = scanFrames(frame)
  expect([payloads.length, damaged, end]).toEqual([1, [], frame.length])
  const [payload] = payloads
  if (payload?.mask === undefined) throw new Error('a frame of lines')
  const lines = linesOfRecords(unmask(frame, payload)).join('')
  encoder.clear()
  return lines
}

function codeOf(write: () => void): unknown {
  try {
    write()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

describe('entries as records', () => {
  const encoder = new EntryEncoder(new MaskSource())

  it('come back as the JSON lines that they would have been', () => {
    const call = fc.array(fc.oneof(entry, fc.constant('a line')), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(call, (entries) => {
        let expected = ''
        for (const [at, one] of entries.entries()) {
          if (typeof one === 'string') encoder.addLine(`{"l":"${one}"}\n`)
          else encoder.addPrediction(one, 1_700_000_000_000_000 + at)
          expected +=
            typeof one === 'string'
              ? `{"l":"${one}"}\n`
              : predictionLine(one, 1_700_000_000_000_000 + at)
        }
        expect(linesIn(encoder)).toBe(expected)
      }),
      { numRuns: 1_000 },
    )
  })

  it('tell the names of a model once, and are right when models take turns', () => {
    const models = Array.from({ length: 40 }, (_, at) => [`name_${at}`])
    const rows = Array.from({ length: 2_000 }, (_, at) => ({
      ...sampleEntry(`p${at}`, at, { version: at % 3 }),
      inputs: new InputRow(models[(at * 7) % (at < 1_000 ? 2 : 40)] ?? [], [at]),
    }))
    for (const [at, row] of rows.entries()) {
      encoder.addPrediction(row, at)
      // Two models of three versions; then so many that shapes are told anew.
      if (at === 999) expect(encoder.size).toBeLessThan(1_000 * 110)
    }
    expect(linesIn(encoder)).toBe(rows.map((row, at) => predictionLine(row, at)).join(''))
  })

  it('are refused as lines would be', () => {
    const refused: WrittenPrediction[] = [
      sampleEntry('a', 1, { output: [0, Number.NaN] }),
      sampleEntry('a', 1, { latencyUs: Number.POSITIVE_INFINITY }),
      sampleEntry('a', Number.NaN),
      sampleEntry('a', 8.65e15),
      sampleEntry('a', 1, { inputs: { text: 'x'.repeat(4_000_000) } }),
      { ...sampleEntry('a', 1), inputs: new InputRow(['text'], ['\n'.repeat(2_000_000)]) },
      { ...sampleEntry('a', 1), inputs: new InputRow(['\u0001'.repeat(700_000)], [1]) },
    ]
    for (const wrong of refused) {
      const reason = codeOf(() => predictionLine(wrong, 1))
      expect(reason).toEqual(expect.any(String))
      expect(codeOf(() => encoder.addPrediction(wrong, 1))).toBe(reason)
      encoder.rollBack()
      expect(encoder.size).toBe(0)
    }
    const large = sampleEntry('a', 1, { inputs: { text: 'x'.repeat(3_900_000) } })
    encoder.addPrediction(large, 1)
    expect(linesIn(encoder)).toBe(predictionLine(large, 1))
  })

  it('are taken back to the last whole call', () => {
    const names = ['distance']
    const row = (id: string) => ({ ...sampleEntry(id, 1), inputs: new InputRow(names, [1]) })
    encoder.addPrediction(row('kept'), 1)
    encoder.commit()
    const other = { ...row('gone'), endpoint: 'other' }
    encoder.addPrediction(other, 2)
    encoder.rollBack()
    // The shape that was taken back is told anew.
    encoder.addPrediction(other, 3)
    expect(linesIn(encoder)).toBe(predictionLine(row('kept'), 1) + predictionLine(other, 3))
  })
})
