import { afterEach, beforeEach, expect, test } from 'vitest'
import { shadowSchema } from '../../src/core/records/index.ts'
import { writeLongLoop } from '../../src/platform/inference/fixtures/write-hostile.ts'
import { metric, untilTrue } from '../serving/fixtures/gateway-processes.ts'
import {
  askForNumber,
  askUnderLoad,
  type NumbersGateway,
  openNumbersGateway,
  toldOf,
} from './fixtures/numbers-gateway.ts'

const MAX_QUEUED = 4
/** A large part of a second for every row. */
const TURNS = 400_000

let gateway: NumbersGateway

beforeEach(async () => {
  gateway = await openNumbersGateway()
  const { version } = await gateway.scene.addModel({ value: 101 })
  await gateway.scene.rollOut(version)
})
afterEach(() => gateway.dispose())

test('a shadow much slower than the requests that come holds up none of them', {
  timeout: 180_000,
}, async () => {
  const { scene } = gateway
  const server = await gateway.start()
  const mirrored = (result: string) =>
    metric(server.url, 'esteira_gateway_mirrored_total', `result="${result}"`)
  const { version } = await scene.addFile(writeLongLoop(TURNS))
  await scene.rollOut(version, shadowSchema.parse({ kind: 'shadow', maxQueued: MAX_QUEUED }))
  await untilTrue(async () => {
    const { revisions } = await toldOf(server.url)
    return revisions.some((one) => one.version === version && one.status === 'ready')
  })
  const load = askUnderLoad(server.url, 4)
  await untilTrue(async () => (await mirrored('compared')) >= 3)
  const answers = [...(await load.stop())]
  const compared = await mirrored('compared')
  expect(answers.filter(({ status, value }) => status !== 200 || value !== 101)).toEqual([])
  // On the thread that answers, each comparison would let through what its four callers had sent.
  expect(answers.length / compared).toBeGreaterThan(20)
  // Beyond what waits and what is under way all is dropped, and each of it is counted.
  const dropped = await mirrored('dropped')
  const known = (await mirrored('compared')) + (await mirrored('failed')) + dropped
  expect(dropped).toBeGreaterThan(0)
  expect(answers.length - known).toBeLessThanOrEqual(MAX_QUEUED + 1)

  // Promoted, it answers where its callers wait, and nobody notices the move.
  const last = askUnderLoad(server.url, 2)
  await last.more(10)
  await scene.promote()
  await untilTrue(async () => (await askForNumber(server.url)).version === version)
  expect(await askForNumber(server.url)).toMatchObject({ status: 200, value: 0.5 })
  const late = await last.stop()
  expect(late.filter(({ status }) => status !== 200)).toEqual([])
  // The thread it had is gone, and keeps nothing from ending.
  expect(await server.stop()).toBe(0)
})
