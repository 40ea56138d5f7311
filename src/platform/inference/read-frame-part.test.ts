import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTableEngine, type TableEngine } from '../storage/index.ts'
import { readFramePart } from './read-frame-part.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-frame-'))
const path = join(folder, 'part.parquet')
let engine: TableEngine

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: folder })
  await engine.writeParquet(
    `SELECT * FROM (VALUES
      (10, 'yes', 1.5::DOUBLE, true, 'a', TIMESTAMP '2013-01-01 00:00:00'),
      (11, 'no', NULL, false, NULL, NULL),
      (12, NULL, 0.1, NULL, '', TIMESTAMP '2013-01-02 00:00:00')
    ) t("__id", "__target", speed, flag, "we""ird", moment)`,
    path,
  )
})
afterAll(() => engine.close())

test('rows come as the model sees them, in the order of the file', async () => {
  const part = await readFramePart({
    engine,
    path,
    inputs: [
      { name: 'speed', kind: 'number' },
      { name: 'flag', kind: 'number' },
      { name: 'we"ird', kind: 'text' },
    ],
    keep: ['speed', 'moment', 'we"ird'],
  })
  expect(part.rows).toBe(3)
  expect(part.ids).toEqual(['10', '11', '12'])
  expect(part.target).toEqual(['yes', 'no', null])
  expect(part.batch.columns.speed).toEqual(Float32Array.of(1.5, Number.NaN, 0.1))
  expect(part.batch.columns.flag).toEqual(Float32Array.of(1, 0, Number.NaN))
  expect(part.batch.columns['we"ird']).toEqual(['a', '', ''])
  expect(part.kept['we"ird']?.values).toEqual(['a', null, ''])
  expect(part.kept.moment).toMatchObject({ kind: 'time' })
  expect(part.kept.speed?.values).toEqual(Float64Array.of(1.5, Number.NaN, 0.1))
})

test('only the first rows are read when that is asked for', async () => {
  const part = await readFramePart({ engine, path, inputs: [], limit: 2 })
  expect(part.ids).toEqual(['10', '11'])
})

test('a column that is not there is named, with the nearest one', async () => {
  const reading = readFramePart({ engine, path, inputs: [{ name: 'sped', kind: 'number' }] })
  await expect(reading).rejects.toMatchObject({
    code: 'FRAME_COLUMN_MISSING',
    hint: expect.stringContaining('Did you mean "speed"?'),
  })
})
