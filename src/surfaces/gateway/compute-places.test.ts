import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { digestOfBytes } from '../../core/identity/index.ts'
import { readFixture } from '../../platform/inference/fixtures/read-fixture.ts'
import { createComputePlaces } from './compute-places.ts'

const fixture = readFixture('binary')
const order = { ...fixture, digest: digestOfBytes(readFileSync(fixture.path)), trial: {} }

it.each([
  { hasSpareCore: true, isShadow: false, isApart: true },
  { hasSpareCore: false, isShadow: false, isApart: false },
  { hasSpareCore: false, isShadow: true, isApart: true },
])('computes a small model where there is a core for it: %o', async (at) => {
  const { hasSpareCore, isShadow, isApart } = at
  const session = await createComputePlaces({ hasSpareCore }).open(order, isShadow)
  onTestFinished(() => session.close())
  expect(session.isApart).toBe(isApart)
})

it('says of a file that is not there what the loader says', async () => {
  const missing = createComputePlaces().open({ ...order, path: '/nowhere/model.onnx' }, false)
  await expect(missing).rejects.toMatchObject({ code: 'MODEL_CORRUPT' })
})
