import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestOfFile } from '../../core/identity/index.ts'
import { FIXTURES, readFixture } from './fixtures/read-fixture.ts'
import { loadModel } from './load-model.ts'
import type { ColumnBatch } from './model-session.ts'
import { CHUNK_ROWS } from './onnx-session.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-inference-'))

/** The batch again and again, until it has `rows` rows. */
function repeat(batch: ColumnBatch, rows: number): ColumnBatch {
  const columns: Record<string, Float32Array | readonly string[]> = {}
  for (const [name, column] of Object.entries(batch.columns)) {
    columns[name] =
      column instanceof Float32Array
        ? Float32Array.from({ length: rows }, (_, i) => column[i % batch.rows] ?? Number.NaN)
        : Array.from({ length: rows }, (_, i) => column[i % batch.rows] ?? '')
  }
  return { rows, columns }
}

describe.each(FIXTURES)('the %s model', (name) => {
  const fixture = readFixture(name)

  test('answers like the original it was made from', async () => {
    const session = await loadModel({ path: fixture.path, signature: fixture.signature })
    const { rows, width, output } = await session.predict(fixture.batch)
    await session.close()
    expect(rows * width).toBe(fixture.output.length)
    fixture.output.forEach((value, i) => {
      expect(Math.abs((output[i] ?? Number.NaN) - value)).toBeLessThan(1e-4)
    })
  })

  test('gives a row the same answer alone, in a batch, and across chunks', async () => {
    const session = await loadModel({ path: fixture.path, signature: fixture.signature })
    const large = await session.predict(repeat(fixture.batch, CHUNK_ROWS + 123))
    const alone = await session.predict(repeat(fixture.batch, 1))
    await session.close()
    const { width } = large
    for (let i = 0; i < large.output.length; i++) {
      const expected = fixture.output[i % (fixture.rows * width)] ?? Number.NaN
      expect(Math.abs((large.output[i] ?? Number.NaN) - expected)).toBeLessThan(1e-4)
    }
    expect([...alone.output]).toEqual([...large.output.subarray(0, width)])
  })

  test('answers an empty batch with nothing', async () => {
    const session = await loadModel({ path: fixture.path, signature: fixture.signature })
    const { output } = await session.predict(repeat(fixture.batch, 0))
    await session.close()
    expect(output.length).toBe(0)
  })
})

describe('what loading refuses', () => {
  const { path, signature } = readFixture('binary')

  test('a file that is not there', async () => {
    const loading = loadModel({ path: join(folder, 'none.onnx'), signature })
    await expect(loading).rejects.toMatchObject({ code: 'MODEL_CORRUPT' })
  })

  test('a file with another digest than promised', async () => {
    const digest = await digestOfFile(path)
    const session = await loadModel({ path, signature, digest })
    expect(session.digest).toBe(digest)
    await session.close()
    const changed = join(folder, 'changed.onnx')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(changed, bytes)
    await expect(loadModel({ path: changed, signature, digest })).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
    })
  })

  test('garbage and a truncated file', async () => {
    const bytes = readFileSync(path)
    for (const [name, content] of [
      ['garbage', Buffer.from('this is no model at all, only text')],
      ['empty', Buffer.alloc(0)],
      ['truncated', bytes.subarray(0, Math.floor(bytes.length / 2))],
    ] as const) {
      const file = join(folder, `${name}.onnx`)
      writeFileSync(file, content)
      await expect(loadModel({ path: file, signature })).rejects.toMatchObject({
        code: 'MODEL_CORRUPT',
      })
    }
  })

  test('a signature that belongs to another model', async () => {
    const other = readFixture('clusters')
    await expect(loadModel({ path, signature: other.signature })).rejects.toMatchObject({
      code: 'MODEL_SIGNATURE_MISMATCH',
    })
    const fewer = { ...signature, inputs: signature.inputs.slice(1) }
    await expect(loadModel({ path, signature: fewer })).rejects.toMatchObject({
      code: 'MODEL_SIGNATURE_MISMATCH',
      details: { expected: '1 columns in the tensor numeric', got: '2' },
    })
  })
})

describe('what a prediction refuses', () => {
  const { path, signature, batch } = readFixture('binary')

  test('a missing input, naming the nearest given one', async () => {
    const session = await loadModel({ path, signature })
    const { distance, ...rest } = batch.columns
    const columns = { ...rest, distanc: distance ?? new Float32Array(0) }
    await expect(session.predict({ rows: batch.rows, columns })).rejects.toMatchObject({
      code: 'PREDICTION_INPUT_MISSING',
      hint: expect.stringContaining('Did you mean "distanc"?'),
    })
    await session.close()
  })

  test('texts for numbers, numbers for texts, and columns of unequal length', async () => {
    const session = await loadModel({ path, signature })
    const numbers = new Float32Array(batch.rows)
    const texts = Array.from({ length: batch.rows }, () => 'x')
    for (const wrong of [
      { distance: texts },
      { carrier: numbers },
      { hour: new Float32Array(3) },
    ]) {
      const columns = { ...batch.columns, ...wrong }
      await expect(session.predict({ rows: batch.rows, columns })).rejects.toMatchObject({
        code: 'PREDICTION_FAILED',
      })
    }
    await session.close()
  })

  test('an answer that is no number', async () => {
    const three = readFixture('three-classes')
    const session = await loadModel({ path: three.path, signature: three.signature })
    const distance = Float32Array.from(three.batch.columns.distance ?? [], Number)
    distance[5] = Number.POSITIVE_INFINITY
    const columns = { ...three.batch.columns, distance }
    await expect(session.predict({ rows: three.rows, columns })).rejects.toMatchObject({
      code: 'PREDICTION_FAILED',
      details: { reason: 'row 5 gave NaN' },
    })
    await session.close()
  })

  test('any call after closing, which may be repeated', async () => {
    const session = await loadModel({ path, signature })
    await session.close()
    await session.close()
    await expect(session.predict(batch)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
  })
})
