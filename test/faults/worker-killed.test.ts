import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  ask,
  expectedOf,
  type GatewayProcesses,
  keptConnection,
  metric,
  openGatewayProcesses,
  untilTrue,
  workersOf,
} from '../serving/fixtures/gateway-processes.ts'

const CLIENTS = 8
const KILLS = 3
const MAX_TRIES = 5

let processes: GatewayProcesses
beforeAll(async () => {
  processes = await openGatewayProcesses('sqlite')
})
afterAll(() => processes.dispose())

it('a worker killed under load: no wrong answer, few retries, every answer in the log once', {
  timeout: 300_000,
}, async () => {
  const server = await processes.start(['--workers', '2'])
  const { url } = server
  const answered: string[] = []
  const wrong: string[] = []
  let retries = 0
  let isOver = false

  /** One row, asked again under the same id when its connection breaks. */
  async function predict(id: string, row: number, agent: ReturnType<typeof keptConnection>) {
    for (let attempt = 1; ; attempt++) {
      try {
        const { status, probability } = await ask(url, { row, id, agent })
        const isRight = status === 200 && Math.abs(probability - expectedOf(row)) < 1e-4
        if (isRight) answered.push(id)
        else wrong.push(`${id}: ${status} ${probability}`)
        return
      } catch (error) {
        retries++
        if (attempt === MAX_TRIES) throw error
      }
    }
  }

  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const agent = keptConnection()
    for (let turn = 0; !isOver; turn++) await predict(`${client}-${turn}`, turn, agent)
    agent.destroy()
  })
  const load = Promise.allSettled(clients)
  for (let kill = 1; kill <= KILLS; kill++) {
    const before = answered.length
    await untilTrue(() => answered.length > before + 200)
    const workers = workersOf(server)
    process.kill(workers[kill % workers.length] ?? 0, 'SIGKILL')
    const atKill = answered.length
    // The other one goes on meanwhile.
    await untilTrue(() => answered.length > atKill + 50)
    await untilTrue(async () => (await metric(url, 'esteira_gateway_workers')) === 2)
    expect(await metric(url, 'esteira_gateway_worker_restarts_total')).toBe(kill)
  }
  isOver = true
  const ended = await load
  expect(ended.filter(({ status }) => status === 'rejected')).toEqual([])
  expect(wrong).toEqual([])
  // Each kill can break the connections that its worker had, and no others.
  expect(retries).toBeLessThanOrEqual(KILLS * CLIENTS)
  expect(await server.stop()).toBe(0)

  const query = { endpoint: 'delays', fromMs: 0, toMs: Date.now() + 60_000 }
  const logged = (await processes.scene.log.window(query)).map(({ id }) => id)
  expect(new Set(logged).size).toBe(logged.length)
  const missing = new Set(answered).difference(new Set(logged))
  expect([...missing]).toEqual([])
  expect(logged.length - answered.length).toBeLessThanOrEqual(retries)
})
