import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  writeEndlessLoop,
  writeExternalData,
  writeHugeShape,
  writeNestedLoops,
  writeOuterProduct,
} from '../../src/platform/inference/fixtures/write-hostile.ts'
import { metric, untilTrue } from '../serving/fixtures/gateway-processes.ts'
import {
  askForNumber,
  askUnderLoad,
  type NumbersGateway,
  openNumbersGateway,
  readiness,
  toldOf,
} from './fixtures/numbers-gateway.ts'

const HOSTILE = [
  ['another file', writeExternalData('/etc/passwd'), /tensor data in another file/],
  ['a huge shape', writeHugeShape(), /declares 1000000000 numbers/],
  ['a loop without end', writeEndlessLoop(), /Loop without a constant number of turns/],
  ['10¹² turns in allowed loops', writeNestedLoops(), /no answer to an ordinary row within/],
  ['a matrix larger than memory', writeOuterProduct(40_000), /bytes of memory/],
] as const

let gateway: NumbersGateway

beforeEach(async () => {
  gateway = await openNumbersGateway()
  const { version } = await gateway.scene.addModel({ value: 101 })
  await gateway.scene.rollOut(version)
})
afterEach(() => gateway.dispose())

/** Ids of the processes that a process started and that live. */
function childrenOf(pid: number | undefined): readonly number[] {
  const listing = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
  return listing
    .split('\n')
    .filter((line) => line.includes('try-model-process'))
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child = 0]) => child)
}

test('models that mean harm are refused at their warm-up, one after the other, under load', {
  timeout: 240_000,
}, async () => {
  const { scene } = gateway
  const server = await gateway.start()
  const load = askUnderLoad(server.url)
  let triedApart = 0
  for (const [name, bytes, reason] of HOSTILE) {
    const { version } = await scene.addFile(bytes)
    await scene.rollOut(version)
    await untilTrue(async () => {
      triedApart = Math.max(triedApart, childrenOf(server.child.pid).length)
      return (await toldOf(server.url)).problems.some((one) => one.includes(`Version ${version}`))
    })
    const told = await toldOf(server.url)
    expect(told.serving, name).toMatchObject({ stable: 1 })
    expect(told.problems.join(), name).toMatch(reason)
    // A file that is refused for what it is, is not tried for ever.
    await load.more(40)
    expect(childrenOf(server.child.pid), name).toEqual([])
    expect(await readiness(server.url), name).toEqual([200, 200, 200])
    await scene.rollBack()
  }
  expect(triedApart).toBe(1)
  const answers = await load.stop()
  expect(answers.filter(({ status, value }) => status !== 200 || value !== 101)).toEqual([])
  // None of the gigabytes was taken here.
  expect(await metric(server.url, 'process_resident_memory_bytes')).toBeLessThan(1.5e9)

  const { version } = await scene.addModel({ value: 102 })
  await scene.rollOut(version)
  await untilTrue(async () => (await askForNumber(server.url)).value === 102)
  expect((await toldOf(server.url)).problems).toEqual([])
})
