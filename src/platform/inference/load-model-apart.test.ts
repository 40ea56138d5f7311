import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { digestOfBytes } from '../../core/identity/index.ts'
import { readFixture } from './fixtures/read-fixture.ts'
import { loadModel } from './load-model.ts'
import { loadModelApart } from './load-model-apart.ts'
import { probeBatch } from './probe-batch.ts'

const fixture = readFixture('binary')
const digest = digestOfBytes(readFileSync(fixture.path))
const order = { ...fixture, digest, trial: {} }
const batch = probeBatch(fixture.signature, 3)

test('a model in a thread of its own answers as one in this thread', async () => {
  const here = await loadModel({ ...fixture, digest })
  const apart = await loadModelApart(order)
  const [expected, ...answers] = await Promise.all([
    here.predict(batch),
    apart.predict(batch),
    apart.predict(batch),
  ])
  for (const answer of answers) expect(answer).toEqual(expected)
  await here.close()
  await apart.close()
  await expect(apart.predict(batch)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
})

test('a wrong call fails by itself, and the next is answered', async () => {
  const apart = await loadModelApart(order)
  onTestFinished(() => apart.close())
  await expect(apart.predict({ rows: 1, columns: {} })).rejects.toMatchObject({
    code: 'PREDICTION_FAILED',
  })
  expect((await apart.predict(batch)).rows).toBe(3)
})

test('a file that is not what it should be is refused', async () => {
  const changed = loadModelApart({ ...order, digest: digest.replace(/.$/, 'x') })
  await expect(changed).rejects.toMatchObject({
    code: 'MODEL_CORRUPT',
    message: expect.stringContaining('digest'),
  })
})

test('a call that takes too long ends the thread, and whatever waits fails', async () => {
  const apart = await loadModelApart({ ...order, answersWithinMs: 0 })
  const calls = await Promise.allSettled([apart.predict(batch), apart.predict(batch)])
  for (const call of calls) {
    expect(call).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('no answer within 0 ms') },
    })
  }
  await expect(apart.predict(batch)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
  await apart.close()
})
