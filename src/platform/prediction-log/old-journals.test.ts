import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compactLog } from './compact-log.ts'
import { exposureLine, labelLine, predictionLine } from './encode-entry.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { InputRow } from './input-row.ts'
import { encodeFrame } from './journal-frame.ts'
import { journalPath, newStem, sealPath } from './journal-name.ts'
import { openPredictionLog } from './open-prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-lines-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const exposure = {
  ...{ endpoint: 'delays', test: 't', key: 'ana', arm: 'treatment' as const },
  ...{ version: 1, prediction: 'old', timeMs: 1 },
}

/** A journal as the version before wrote it. */
function writeOld(folder: string): void {
  const stem = newStem(1)
  const lines = [
    predictionLine(sampleEntry('old', 1), 1),
    exposureLine(exposure, 2),
    labelLine({ id: 'old', label: '1', timeMs: 2 }, 3),
  ]
  writeFileSync(journalPath(folder, stem), Buffer.concat(lines.map(encodeFrame)))
  writeFileSync(sealPath(folder, stem), '')
}

describe('journals of JSON lines, which an older version left', () => {
  it('are read beside those of records, and compacted with them', async () => {
    const folder = mkdtempSync(join(root, 'log-'))
    writeOld(folder)
    const log = await openPredictionLog(folder, { compacts: false })
    const inputs = new InputRow(['distance', 'carrier', 'temp'], [1400.5, 'DL', null])
    await log.append([{ ...sampleEntry('new', 2), inputs }], [{ ...exposure, key: 'bia' }])
    await log.appendLabels([{ id: 'new', label: '0', timeMs: 3 }])
    const expectAll = async () => {
      expect(await log.window({ endpoint: 'delays', fromMs: 0, toMs: 9 })).toEqual([
        { ...sampleEntry('old', 1), label: '1' },
        { ...sampleEntry('new', 2), label: '0' },
      ])
      const exposed = await log.exposed({ test: 't', toMs: 9 })
      expect(exposed.map(({ exposure: { key } }) => key)).toEqual(['ana', 'bia'])
    }
    await expectAll()
    await compactLog(folder)
    await expectAll()
    await log.close()
    expect(await compactLog(folder)).toMatchObject({ journals: 1 })
  })
})
