import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { digestOfBytes } from '../../core/identity/index.ts'
import { modelSignatureSchema } from '../../core/records/index.ts'
import { areBounded } from './bounded-operators.ts'
import { readFixture } from './fixtures/read-fixture.ts'
import { inspectOnnx } from './inspect-onnx.ts'
import { loadModel } from './load-model.ts'
import { bytesField, numberField, textField } from './protobuf-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-trial-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SIGNATURE = modelSignatureSchema.parse({
  schemaVersion: 1,
  problemType: 'regression',
  inputs: [{ name: 'x', kind: 'number', view: null, range: [0, 1], categories: null }],
  classes: [],
  positiveClass: null,
  tensors: { numeric: 'numeric', categorical: null, output: 'answer' },
})

const node = (operator: string, inputs: readonly string[], output: string) =>
  bytesField(1, [
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(4, operator),
  ])

const tensor = (name: string, dims: readonly number[]) =>
  bytesField(5, [
    ...dims.map((dim) => numberField(1, dim)),
    numberField(2, 1),
    textField(8, name),
    bytesField(9, [new Uint8Array(4 * dims.reduce((a, b) => a * b))]),
  ])

const column = (field: number, name: string) => {
  const rows = bytesField(1, [textField(2, 'rows')])
  const shape = bytesField(2, [rows, bytesField(1, [numberField(1, 1)])])
  return bytesField(field, [
    textField(1, name),
    bytesField(2, [bytesField(1, [numberField(1, 1), shape])]),
  ])
}

/** A small file whose answer goes through a matrix of `width` × `width` zeros. */
function writeOuterProduct(width: number): string {
  const path = join(folder, `outer-${width}.onnx`)
  const graph = bytesField(7, [
    // By the row, so that nothing of it can be computed once and for all.
    node('MatMul', ['tall', 'numeric'], 'column'),
    node('MatMul', ['column', 'wide'], 'matrix'),
    node('ReduceMax', ['matrix'], 'largest'),
    node('Add', ['numeric', 'largest'], 'answer'),
    textField(2, 'graph'),
    tensor('tall', [width, 1]),
    tensor('wide', [1, width]),
    column(11, 'numeric'),
    column(12, 'answer'),
  ])
  const standard = bytesField(8, [textField(1, ''), numberField(2, 17)])
  writeFileSync(path, Buffer.concat([numberField(1, 8), graph, standard]))
  return path
}

describe('a model that may take more than it is large', () => {
  test('is loaded after its trial, and is tried once', async () => {
    const fixture = readFixture('clusters')
    const digest = digestOfBytes(readFileSync(fixture.path))
    const first = await loadModel({ ...fixture, digest, trial: {} })
    await first.close()
    // A second trial could not end within no time.
    const second = await loadModel({ ...fixture, digest, trial: { milliseconds: 0 } })
    await second.close()
  })

  test('is refused when it takes too much memory', async () => {
    const path = writeOuterProduct(20_000)
    const loading = loadModel({
      path,
      signature: SIGNATURE,
      trial: { bytes: 600_000_000, milliseconds: 60_000 },
    })
    await expect(loading).rejects.toMatchObject({
      code: 'MODEL_NOT_ALLOWED',
      message: expect.stringContaining('600000000 bytes'),
    })
  })

  test('is refused when it takes too long', async () => {
    const path = writeOuterProduct(3)
    const loading = loadModel({ path, signature: SIGNATURE, trial: { milliseconds: 1 } })
    await expect(loading).rejects.toMatchObject({
      code: 'MODEL_NOT_ALLOWED',
      message: expect.stringContaining('within 1 ms'),
    })
  })

  test('is refused when its trial fails', async () => {
    const path = writeOuterProduct(4)
    const signature = { ...SIGNATURE, tensors: { ...SIGNATURE.tensors, output: 'other' } }
    const loading = loadModel({ path, signature, trial: {} })
    await expect(loading).rejects.toMatchObject({ code: 'MODEL_CORRUPT' })
  })
})

test('trees and lines alone need no trial; what multiplies parameters does', () => {
  expect(areBounded(['Cast', 'TreeEnsembleClassifier', 'Scaler', 'LinearClassifier'])).toBe(true)
  expect(areBounded(['TreeEnsembleClassifier', 'Loop'])).toBe(false)
  const found = inspectOnnx(readFileSync(readFixture('clusters').path))
  expect(found).toMatchObject({ operators: expect.arrayContaining(['Gemm']) })
  expect(found.outcome === 'allowed' && areBounded(found.operators)).toBe(false)
})
