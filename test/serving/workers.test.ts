import type { Agent } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { DeploymentPolicy } from '../../src/core/records/index.ts'
import type { Dialect } from '../../src/platform/database/index.ts'
import { DIALECTS } from '../../src/testkit/index.ts'
import {
  ask,
  expectedOf,
  type GatewayProcesses,
  keptConnection,
  metric,
  openGatewayProcesses,
  untilTrue,
  workersOf,
} from './fixtures/gateway-processes.ts'

const TWO = ['--workers', '2']
const TIMEOUT = 90_000

let processes: GatewayProcesses | undefined
afterEach(() => processes?.dispose())

async function open(dialect: Dialect = 'sqlite', deployment: Partial<DeploymentPolicy> = {}) {
  processes = await openGatewayProcesses(dialect, deployment)
  return processes
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.each(DIALECTS)('two workers on %s', (dialect) => {
  it('answer both, rightly, and any of them tells the figures of both', {
    timeout: TIMEOUT,
  }, async () => {
    const { start } = await open(dialect)
    const { url, stop } = await start(TWO)
    const rows = Array.from({ length: 200 }, (_, row) => row)
    const answers = await Promise.all(rows.map((row) => ask(url, { row, id: `r${row}` })))
    for (const [row, answer] of answers.entries()) {
      expect(answer).toMatchObject({ status: 200, version: 1 })
      expect(answer.probability).toBeCloseTo(expectedOf(row), 4)
    }
    for (let time = 0; time < 6; time++) {
      expect(await metric(url, 'esteira_gateway_requests_total')).toBe(rows.length)
      const told = await (await fetch(`${url}/v1/endpoints/delays/statistics`)).json()
      expect(told).toMatchObject({ versions: { 1: { requests: rows.length, errors: 0 } } })
    }
    const bucket = 'esteira_gateway_request_duration_seconds_bucket'
    expect(await metric(url, bucket, 'le="+Inf"')).toBe(rows.length)
    const byWorker = 'esteira_gateway_worker_requests_total'
    const counts = [await metric(url, byWorker, 'worker="1"'), await metric(url, byWorker, '"2"')]
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(counts.reduce((a, b) => a + b)).toBe(rows.length)
    expect(await metric(url, 'esteira_gateway_workers')).toBe(2)
    expect(await stop()).toBe(0)
  })
})

it('a killed worker is replaced, and what it had answered still counts', {
  timeout: TIMEOUT,
}, async () => {
  const { start } = await open()
  const server = await start(TWO)
  const { url } = server
  for (let row = 0; row < 20; row++) await ask(url, { row, id: `r${row}` })
  expect(await metric(url, 'esteira_gateway_requests_total')).toBe(20)
  const [victim = 0] = workersOf(server)
  process.kill(victim, 'SIGKILL')
  await untilTrue(async () => (await metric(url, 'esteira_gateway_worker_restarts_total')) === 1)
  await untilTrue(async () => (await metric(url, 'esteira_gateway_workers')) === 2)
  expect(workersOf(server)).toHaveLength(2)
  expect(workersOf(server)).not.toContain(victim)
  expect(await metric(url, 'esteira_gateway_requests_total')).toBe(20)
  expect(server.errors()).toContain('ended with SIGKILL; another one is started')
})

it('workers end when their primary process is killed', { timeout: TIMEOUT }, async () => {
  const { start } = await open()
  const server = await start(TWO)
  const workers = workersOf(server)
  expect(workers).toHaveLength(2)
  await server.kill()
  await untilTrue(() => !workers.some(isRunning))
})

it('a switch to a canary reaches every worker, and an id has one version in all of them', {
  timeout: TIMEOUT,
}, async () => {
  const strategy = { kind: 'canary', steps: [50], minRequests: 1_000_000 } as never
  const { start, scene } = await open('sqlite', { strategy })
  const { url } = await start(TWO)
  await scene.addVersion('second')
  await scene.rollOut(2)
  // Two workers with two versions each.
  await untilTrue(async () => (await metric(url, 'esteira_gateway_loaded_revisions')) === 4)
  const ids = Array.from({ length: 30 }, (_, i) => `customer-${i}`)
  const seen = new Map<string, Set<number>>()
  for (let time = 0; time < 8; time++) {
    const answers = await Promise.all(ids.map((id, row) => ask(url, { row, id })))
    for (const [i, { version }] of answers.entries()) {
      const id = ids[i] ?? ''
      seen.set(id, (seen.get(id) ?? new Set()).add(version))
    }
  }
  expect([...seen.values()].every((versions) => versions.size === 1)).toBe(true)
  expect(new Set([...seen.values()].flatMap((versions) => [...versions]))).toEqual(new Set([1, 2]))
  const byWorker = 'esteira_gateway_worker_requests_total'
  expect(await metric(url, byWorker, 'worker="1"')).toBeGreaterThan(0)
  expect(await metric(url, byWorker, 'worker="2"')).toBeGreaterThan(0)
  await scene.rollBack()
  await untilTrue(async () => {
    const answers = await Promise.all(ids.map((id, row) => ask(url, { row, id: `${id} again` })))
    return answers.every(({ version }) => version === 1)
  })
})

it.each([
  ['one process', []],
  ['two workers', TWO],
])('SIGTERM under load loses no request: %s', { timeout: TIMEOUT }, async (_, args) => {
  const { start } = await open()
  const server = await start(args)
  const counts = { answered: 0, refused: 0 }
  const lost: unknown[] = []
  let isEnding = false

  /** @returns whether the client goes on */
  async function askOnce(id: string, row: number, agent: Agent): Promise<boolean> {
    try {
      const { status, probability, isKept } = await ask(server.url, { row, id, agent })
      if (status === 200 && Math.abs(probability - expectedOf(row)) < 1e-4) counts.answered++
      else lost.push(`${id}: ${status} ${probability}`)
      // Told that the server leaves, a client turns elsewhere.
      return isKept || !isEnding
    } catch (error) {
      // A connection that was never made has carried no request.
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') counts.refused++
      else lost.push(error)
      return false
    }
  }

  const clients = Array.from({ length: 8 }, async (_, client) => {
    const agent = keptConnection()
    let turn = 0
    while (await askOnce(`${client}-${turn}`, turn, agent)) turn++
    agent.destroy()
  })
  await untilTrue(() => counts.answered > 200)
  isEnding = true
  const before = counts.answered
  const code = await server.stop()
  await Promise.all(clients)
  expect(lost).toEqual([])
  expect(counts.answered).toBeGreaterThan(before)
  expect(code).toBe(0)
})
