import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { digestOfBytes } from '../../core/identity/index.ts'
import { modelSignatureSchema } from '../../core/records/index.ts'
import { createComputePlaces } from './compute-places.ts'
import { WRITTEN_SIGNATURE, writeModel } from './fixtures/write-model.ts'

function written(model: Parameters<typeof writeModel>[0]) {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-places-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'model.onnx')
  const bytes = writeModel(model)
  writeFileSync(path, bytes)
  const signature = modelSignatureSchema.parse(WRITTEN_SIGNATURE)
  return { path, signature, digest: digestOfBytes(bytes), trial: {} }
}

it.each([
  { hasSpareCore: true, isShadow: false, isApart: true },
  { hasSpareCore: false, isShadow: false, isApart: false },
  { hasSpareCore: false, isShadow: true, isApart: true },
])('computes a small model where there is a core for it: %o', async (at) => {
  const { hasSpareCore, isShadow, isApart } = at
  const places = createComputePlaces({ hasSpareCore })
  const session = await places.open(written({ value: 7 }), isShadow)
  onTestFinished(async () => {
    await session.close()
    await places.close()
  })
  expect(session.isApart).toBe(isApart)
})

it('gives a large model a thread of its own on any machine, so that its load holds up nobody', async () => {
  const large = written({ value: 7, trees: { count: 100, depth: 11 } })
  let turns = 0
  const turning = setInterval(() => turns++, 1)
  const places = createComputePlaces({ hasSpareCore: false })
  onTestFinished(() => places.close())
  const session = await places.open(large, false)
  clearInterval(turning)
  expect(session.isApart).toBe(true)
  // In this thread the engine would have let none through while it read the trees.
  expect(turns).toBeGreaterThan(10)
  const answer = await session.predict({ rows: 1, columns: { x: Float32Array.of(3) } })
  expect(answer.output[0]).toBe(7)
  await session.close()
  const again = await places.open(large, false)
  expect((await again.predict({ rows: 1, columns: { x: Float32Array.of(3) } })).output[0]).toBe(7)
})

it('says of a file that is not there what the loader says', async () => {
  const missing = createComputePlaces().open(
    { ...written({ value: 7 }), path: '/nowhere/model.onnx' },
    false,
  )
  await expect(missing).rejects.toMatchObject({ code: 'MODEL_CORRUPT' })
})
