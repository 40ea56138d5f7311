import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { FIXTURES, readFixture } from './fixtures/read-fixture.ts'
import { inspectOnnx } from './inspect-onnx.ts'
import { nameColumns, outputColumns } from './name-columns.ts'

/** Feeds named columns to a model, as a program of another make does. */
async function answersOf(
  model: Uint8Array,
  columns: Readonly<Record<string, Float32Array | readonly string[]>>,
) {
  const session = await InferenceSession.create(model)
  const feeds = Object.entries(columns).map(([name, column]) => [
    name,
    column instanceof Float32Array
      ? new Tensor('float64', Float64Array.from(column), [column.length])
      : new Tensor('string', [...column], [column.length]),
  ])
  const { inputNames, outputNames } = session
  const results = await session.run(Object.fromEntries(feeds))
  await session.release()
  return { inputNames, outputNames, results }
}

describe.each(FIXTURES)('the %s model with named columns', (name) => {
  const { path, signature, batch, rows, output } = readFixture(name)
  const named = nameColumns(readFileSync(path), signature)

  test('takes columns by their names and answers like the original', async () => {
    const { inputNames, outputNames, results } = await answersOf(named, batch.columns)
    expect(inputNames).toEqual(signature.inputs.map((input) => input.name))
    expect(outputNames).toEqual(outputColumns(signature).map((column) => column.name))
    const width = outputNames.length
    for (const [at, column] of outputNames.entries()) {
      const got = [...(results[column]?.data ?? [])].map(Number)
      expect(got).toHaveLength(rows)
      got.forEach((value, row) => {
        expect(Math.abs(value - (output[row * width + at] ?? Number.NaN))).toBeLessThan(1e-4)
      })
    }
  })

  test('is a model that may be loaded here', () => {
    expect(inspectOnnx(named).outcome).toBe('allowed')
  })
})

test('columns may be called what values inside the model are called', async () => {
  const { path, signature, batch, rows } = readFixture('binary')
  const [first = '', ...others] = signature.inputs.map((input) => input.name)
  const taken = ['numeric', 'model/numeric']
  for (const clash of taken) {
    const inputs = signature.inputs.map((input) =>
      input.name === first ? { ...input, name: clash } : input,
    )
    const columns = Object.fromEntries([
      [clash, batch.columns[first] ?? []],
      ...others.map((name) => [name, batch.columns[name] ?? []]),
    ])
    const named = nameColumns(readFileSync(path), { ...signature, inputs })
    const { results } = await answersOf(named, columns)
    expect(Object.values(results)[0]?.data).toHaveLength(rows)
  }
})

test('a file without the output of the signature is refused', () => {
  const { path } = readFixture('binary')
  const { signature } = readFixture('regression')
  expect(() => nameColumns(readFileSync(path), signature)).toThrow(
    expect.objectContaining({ code: 'MODEL_CORRUPT' }),
  )
})
