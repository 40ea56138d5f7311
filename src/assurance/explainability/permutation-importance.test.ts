import { expect, test } from 'vitest'
import type { ModelSignature } from '../../core/records/index.ts'
import { loadModel } from '../../platform/inference/index.ts'
import { permutationImportance } from './permutation-importance.ts'

const fixture = (file: string) =>
  new URL(`../../platform/inference/fixtures/${file}`, import.meta.url)

async function openBinary() {
  const { readFileSync } = await import('node:fs')
  const { signature }: { signature: ModelSignature } = JSON.parse(
    readFileSync(fixture('binary.json'), 'utf8'),
  )
  return loadModel({ path: fixture('binary.onnx').pathname, signature })
}

const rows = 200
const batch = {
  rows,
  columns: {
    distance: Float32Array.from({ length: rows }, (_, i) => 300 + 10 * i),
    hour: Float32Array.from({ length: rows }, () => 12),
    carrier: Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? 'AA' : 'B6')),
    origin: Array.from({ length: rows }, () => 'EWR'),
  },
}

test('an input that never varies has no importance, one that drives the answers has most', async () => {
  const session = await openBinary()
  // The loss is the distance to the model's own answers: a perfect model of itself.
  const truth = (await session.predict(batch)).output
  const loss = ({ output }: { output: Float32Array }) =>
    output.reduce((sum, value, i) => sum + Math.abs(value - (truth[i] ?? 0)), 0)
  const options = { session, batch, loss, seed: 7 }
  const importance = await permutationImportance(options)
  const by = Object.fromEntries(importance.map(({ input, loss: rise }) => [input, rise]))
  expect(by.hour).toBe(0)
  expect(by.origin).toBe(0)
  expect(by.distance).toBeGreaterThan(by.carrier ?? 0)
  expect(by.carrier).toBeGreaterThan(0)
  expect(importance[0]?.input).toBe('distance')
  expect(await permutationImportance(options)).toEqual(importance)
  expect(await permutationImportance({ ...options, loss: () => undefined })).toEqual([])
  await session.close()
})
