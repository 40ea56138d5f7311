import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeModel } from '../../src/surfaces/gateway/fixtures/write-model.ts'
import { untilTrue, workersOf } from '../serving/fixtures/gateway-processes.ts'
import {
  askForNumber,
  askUnderLoad,
  type NumbersGateway,
  openNumbersGateway,
  readiness,
  toldOf,
} from './fixtures/numbers-gateway.ts'

let gateway: NumbersGateway
let paths: string[]

beforeEach(async () => {
  gateway = await openNumbersGateway()
  const first = await gateway.scene.addModel({ value: 101 })
  const second = await gateway.scene.addModel({ value: 102 })
  paths = [first.path, second.path]
  await gateway.scene.rollOut(first.version)
})
afterEach(() => gateway.dispose())

/** The file of a version, and what may happen to it. */
function fileOf(version: number) {
  const path = paths[version - 1] ?? ''
  const whole = readFileSync(path)
  const write = (bytes: Uint8Array) => {
    // Beside and renamed, as a copy tool does; stored files are read-only.
    writeFileSync(`${path}.new`, bytes)
    renameSync(`${path}.new`, path)
  }
  return {
    truncate: () => write(whole.subarray(0, whole.length / 2)),
    flip: () => write(Uint8Array.from(whole, (byte, i) => (i === 40 ? byte ^ 1 : byte))),
    /** Another valid model, whose answers would be wrong. */
    swap: () => write(writeModel({ value: 999 })),
    overwrite() {
      chmodSync(path, 0o644)
      writeFileSync(path, writeModel({ value: 999 }))
    },
    remove: () => rmSync(path),
    repair: () => write(whole),
  }
}

const DAMAGES = ['truncate', 'flip', 'swap', 'overwrite', 'remove'] as const

describe('a model file', () => {
  test('that breaks while its version answers: answers go on; a restart refuses it until it is whole', {
    timeout: 60_000,
  }, async () => {
    const file = fileOf(1)
    const server = await gateway.start()
    for (const damage of DAMAGES) {
      file[damage]()
      expect(await askForNumber(server.url)).toMatchObject({ status: 200, value: 101 })
    }
    await server.stop()

    file.swap()
    const again = await gateway.start()
    expect(await readiness(again.url)).toEqual([200, 503, 503])
    const refused = await askForNumber(again.url)
    expect(refused).toMatchObject({ status: 503, code: 'ENDPOINT_NOT_READY' })
    expect(refused.error).toMatch(/Version 1 failed its warm-up: .*digest/)
    const told = await toldOf(again.url)
    expect(told).toMatchObject({ ready: false, state: { stable: 1 }, serving: null })
    expect(told.problems.join()).toMatch(/digest/)

    // Nobody restarts it, and nobody asks it to look again.
    file.repair()
    await untilTrue(async () => (await askForNumber(again.url)).status === 200)
    expect(await askForNumber(again.url)).toMatchObject({ value: 101 })
    expect(await readiness(again.url)).toEqual([200, 200, 200])
    expect((await toldOf(again.url)).problems).toEqual([])
  })

  test.each(DAMAGES)(
    'that is broken (%s) before its roll-out: the version before goes on',
    {
      timeout: 40_000,
    },
    async (damage) => {
      const file = fileOf(2)
      const server = await gateway.start()
      file[damage]()
      const load = askUnderLoad(server.url)
      await load.more(20)
      await gateway.scene.rollOut(2)
      await untilTrue(async () => (await toldOf(server.url)).problems.length > 0)
      const told = await toldOf(server.url)
      expect(told).toMatchObject({ ready: true, state: { stable: 2 }, serving: { stable: 1 } })
      expect(told.problems[0]).toMatch(/^Version 2 failed its warm-up/)
      await load.more(20)
      const before = load.answers.length
      expect(load.answers.filter(({ value }) => value !== 101)).toEqual([])
      expect(await readiness(server.url)).toEqual([200, 200, 200])

      file.repair()
      await untilTrue(async () => (await toldOf(server.url)).problems.length === 0)
      const told2 = await askForNumber(server.url)
      expect(told2).toMatchObject({ value: 102, version: 2 })
      const answers = await load.stop()
      // No request was lost, and none was answered by the file that stood there.
      expect(answers.filter(({ status }) => status !== 200)).toEqual([])
      const values = new Set(answers.slice(before).map(({ value }) => value))
      expect([...values].filter((value) => value !== 101 && value !== 102)).toEqual([])
    },
  )

  test('that breaks before a worker is replaced: the others go on, no answer is wrong', {
    timeout: 60_000,
  }, async () => {
    const file = fileOf(1)
    const server = await gateway.start(['--workers', '2'])
    file.swap()
    const [killed = 0] = workersOf(server)
    process.kill(killed, 'SIGKILL')
    await untilTrue(() => workersOf(server).length === 2 && !workersOf(server).includes(killed))
    const answers = []
    for (let i = 0; i < 40; i++) {
      answers.push(await askForNumber(server.url).catch(() => undefined))
    }
    const known = answers.filter((answer) => answer !== undefined)
    expect(known.filter(({ status, value }) => status === 200 && value !== 101)).toEqual([])
    expect(known.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    file.repair()
    await untilTrue(async () => {
      const round = await Promise.allSettled(
        Array.from({ length: 20 }, () => askForNumber(server.url)),
      )
      return round.every((one) => one.status === 'fulfilled' && one.value.value === 101)
    })
  })
})
