import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { digestOfBytes } from '../../core/identity/index.ts'
import { readFixture } from './fixtures/read-fixture.ts'
import { loadModel } from './load-model.ts'
import { openModelThread } from './model-thread.ts'
import { probeBatch } from './probe-batch.ts'

const fixture = readFixture('binary')
const digest = digestOfBytes(readFileSync(fixture.path))
const order = { ...fixture, digest, trial: {} }
const batch = probeBatch(fixture.signature, 3)

test('a model in a thread of its own answers as one in this thread', async () => {
  const here = await loadModel({ ...fixture, digest })
  const apart = await openModelThread().load(order)
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
  const apart = await openModelThread().load(order)
  onTestFinished(() => apart.close())
  await expect(apart.predict({ rows: 1, columns: {} })).rejects.toMatchObject({
    code: 'PREDICTION_INPUT_MISSING',
  })
  const short = { rows: 2, numbers: new Float32Array(1), texts: [] }
  await expect(apart.predictPacked(short)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
  expect((await apart.predict(batch)).rows).toBe(3)
})

test('a file that is not what it should be is refused', async () => {
  const changed = openModelThread().load({ ...order, digest: digest.replace(/.$/, 'x') })
  await expect(changed).rejects.toMatchObject({
    code: 'MODEL_CORRUPT',
    message: expect.stringContaining('digest'),
  })
})

test('a call that takes too long ends the thread, and whatever waits fails', async () => {
  const apart = await openModelThread({ answersWithinMs: 0 }).load(order)
  // Longer to compute than a timer of nought takes to fire, on any machine.
  const large = probeBatch(fixture.signature, 300_000)
  const calls = await Promise.allSettled([apart.predict(large), apart.predict(batch)])
  for (const call of calls) {
    expect(call).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('no answer within 0 ms') },
    })
  }
  await expect(apart.predict(batch)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
  await apart.close()
})

test('several models share a thread; the last one that is closed ends it, and the next begins anew', async () => {
  const thread = openModelThread()
  const [one, two] = await Promise.all([thread.load(order), thread.load(order)])
  expect(await one.predict(batch)).toEqual(await two.predict(batch))
  await one.close()
  expect([one.hasEnded, two.hasEnded]).toEqual([true, false])
  expect((await two.predict(batch)).rows).toBe(3)
  await Promise.all([two.close(), two.close()])
  const three = await thread.load(order)
  expect((await three.predict(batch)).rows).toBe(3)
  await three.close()
})

test('a thread that stays open goes on without a model, until it is ended', async () => {
  const thread = openModelThread({ staysOpen: true })
  const first = await thread.load(order)
  await first.close()
  const second = await thread.load(order)
  expect((await second.predict(batch)).rows).toBe(3)
  await thread.end()
  expect(second.hasEnded).toBe(true)
  await expect(second.predict(batch)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
  await second.close()
})

test('a thread that was given up takes its other models along, and says so', async () => {
  const thread = openModelThread({ answersWithinMs: 0 })
  const [slow, beside] = await Promise.all([thread.load(order), thread.load(order)])
  await Promise.allSettled([slow.predict(probeBatch(fixture.signature, 300_000))])
  expect([slow.hasEnded, beside.hasEnded]).toEqual([true, true])
  await expect(beside.predict(batch)).rejects.toMatchObject({ code: 'PREDICTION_FAILED' })
  await Promise.all([slow.close(), beside.close()])
})
