import { afterEach, expect, it } from 'vitest'
import {
  ask,
  bodyOf,
  type GatewayProcesses,
  metric,
  openGatewayProcesses,
  untilTrue,
  workersOf,
} from './fixtures/gateway-processes.ts'

const TIMEOUT = 120_000

let processes: GatewayProcesses | undefined
afterEach(() => processes?.dispose())

/** A request whose number is far outside the training range. */
function strangeBody(): string {
  const { inputs }: { inputs: { name: string; data: unknown[] }[] } = JSON.parse(bodyOf(0, 'far'))
  const data = (name: string, value: unknown) => (name === 'distance' ? 1e9 : value)
  return JSON.stringify({
    inputs: inputs.map((input) => ({ ...input, data: [data(input.name, input.data[0])] })),
  })
}

async function statusOf(url: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const asked = { method: 'POST', headers, body }
  return (await fetch(`${url}/v2/models/delays/infer`, asked)).status
}

/** Of so many connections one after the other that every process gets some. */
async function statuses(url: string, body: string): Promise<readonly number[]> {
  const all = new Set<number>()
  for (let time = 0; time < 10; time++) all.add(await statusOf(url, body))
  return [...all]
}

async function problems(url: string): Promise<readonly string[]> {
  const told = await (await fetch(`${url}/v1/endpoints/delays`)).json()
  return (told as { problems: readonly string[] }).problems
}

const valid = (url: string) => metric(url, 'esteira_gateway_configuration_valid')

it.each([
  ['one process', []],
  ['two workers', ['--workers', '2']],
])(
  '%s: a changed project file holds without a restart, a bad one is refused',
  {
    timeout: TIMEOUT,
  },
  async (_, args) => {
    processes = await openGatewayProcesses('sqlite')
    const server = await processes.start(args)
    const { url } = server
    expect(await statuses(url, strangeBody())).toEqual([200])

    processes.writeProject({ outOfRange: 'reject', maxBatchRows: 7 })
    await untilTrue(() => server.errors().includes('from now on as the project file says'))
    await untilTrue(async () => (await statuses(url, strangeBody())).join() === '422')
    expect((await ask(url, { row: 0, id: 'usual' })).status).toBe(200)

    processes.writeProject('{ "name": "flight-delays" ')
    await untilTrue(async () => (await valid(url)) === 0)
    expect((await problems(url)).join()).toContain('the project file is refused')
    expect(await statuses(url, strangeBody())).toEqual([422])
    const refusals = server.errors().match(/is refused and the settings before hold/g)
    expect(refusals).toHaveLength(1)

    processes.writeProject({ strategy: { kind: 'shadow' } as never })
    await untilTrue(async () => (await valid(url)) === 1)
    await untilTrue(async () => (await statuses(url, strangeBody())).join() === '200')
    await untilTrue(async () => (await problems(url)).join().includes('deployment.strategy'))
    expect(await server.stop()).toBe(0)
  },
)

it('a worker that starts while the file is bad goes by the settings that hold', {
  timeout: TIMEOUT,
}, async () => {
  processes = await openGatewayProcesses('sqlite')
  const server = await processes.start(['--workers', '2'])
  const { url } = server
  processes.writeProject({ outOfRange: 'reject' })
  await untilTrue(async () => (await statuses(url, strangeBody())).join() === '422')
  processes.writeProject('no JSON')
  await untilTrue(async () => (await valid(url)) === 0)
  for (const worker of workersOf(server)) {
    const restarts = await metric(url, 'esteira_gateway_worker_restarts_total')
    process.kill(worker, 'SIGKILL')
    await untilTrue(
      async () => (await metric(url, 'esteira_gateway_worker_restarts_total')) > restarts,
    )
    await untilTrue(async () => (await metric(url, 'esteira_gateway_workers')) === 2)
  }
  expect(await statuses(url, strangeBody())).toEqual([422])
  expect(await valid(url)).toBe(0)
})

it('the platform server follows its project file too', { timeout: TIMEOUT }, async () => {
  processes = await openGatewayProcesses('sqlite')
  const { url } = await processes.start([], 'serve')
  expect(await statuses(url, strangeBody())).toEqual([200])
  processes.writeProject({ outOfRange: 'reject' })
  await untilTrue(async () => (await statuses(url, strangeBody())).join() === '422')
})

it('SIGHUP reads the file at once', { timeout: TIMEOUT }, async () => {
  processes = await openGatewayProcesses('sqlite')
  const server = await processes.start()
  processes.writeProject({ outOfRange: 'reject' })
  server.child.kill('SIGHUP')
  await untilTrue(async () => (await statuses(server.url, strangeBody())).join() === '422')
  expect(server.isRunning()).toBe(true)
})
