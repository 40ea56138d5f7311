import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/time/index.ts'
import {
  ClientError,
  createEndpointClient,
  type EndpointClient,
} from '../../src/surfaces/client/index.ts'
import {
  ENDPOINT,
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createGateway, type Gateway } from '../../src/surfaces/gateway/index.ts'

interface Flight {
  readonly distance: number | null
  readonly hour: number
  readonly carrier: string | null
  readonly origin: string
}

let folder: string
let scene: GatewayScene
let gateway: Gateway
let baseUrl: string
let flights: EndpointClient<Flight>
const servers: Server[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-endpoint-client-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first')
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock })
  baseUrl = await gateway.listen()
  flights = createEndpointClient({ baseUrl, endpoint: ENDPOINT })
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
afterAll(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

const ROWS: readonly Flight[] = [
  { distance: 500, hour: 9, carrier: 'AA', origin: 'JFK' },
  { distance: null, hour: 17, carrier: 'UA', origin: 'LGA' },
]
const COLUMNS = {
  distance: [500, null],
  hour: [9, 17],
  carrier: ['AA', 'UA'],
  origin: ['JFK', 'LGA'],
}

interface Seen {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
}

/** A door before the gateway that refuses the first requests, then lets them through. */
async function openDoor(refusals: readonly (readonly [number, string?])[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request) text += part
    const path = request.url ?? ''
    seen.push({ path, body: JSON.parse(text || '{}'), headers: request.headers })
    const [status, retryAfter] = refusals[seen.length - 1] ?? []
    if (status !== undefined) {
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
      const body = { error: 'Busy.', code: 'OVERLOADED', hint: 'Come back.' }
      response.writeHead(status, headers).end(JSON.stringify(body))
      return
    }
    const init = {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
    }
    const answer = await fetch(`${baseUrl}${path}`, text === '' ? init : { ...init, body: text })
    response.writeHead(answer.status).end(await answer.text())
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, seen }
}

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.catch((thrown: unknown) => thrown)
  if (error instanceof ClientError) return error
  throw new Error(`no ClientError: ${String(error)}`)
}

test('rows and columns give the same predictions, by the ids that they were sent with', async () => {
  const ids = ['a', 'b']
  const byRow = await flights.predict(ROWS, { id: 'r1', ids })
  const byColumn = await flights.predict(COLUMNS, { id: 'r1', ids })
  expect(byRow).toEqual(byColumn)
  expect(byRow).toMatchObject({ id: 'r1', model: ENDPOINT, version: 1, role: 'stable' })
  const { parameters } = await flights.metadata()
  for (const [i, prediction] of byRow.predictions.entries()) {
    const { id, label, decision, probabilities } = prediction
    expect(id).toBe(ids[i])
    expect(parameters.classes).toContain(label)
    expect(decision).toBe(label === parameters.positive_class)
    expect((probabilities ?? []).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
  }
})

test('a column without any value is sent as the model declares it', async () => {
  const [row] = ROWS
  if (row === undefined) throw new Error('no row')
  const { predictions } = await flights.predict([{ ...row, carrier: null, distance: null }])
  expect(predictions).toHaveLength(1)
})

test('a version can be asked, metadata, readiness and explanations be had, labels be sent', async () => {
  expect((await flights.predict(ROWS, { version: 1 })).version).toBe(1)
  expect((await failureOf(flights.predict(ROWS, { version: 7 }))).code).toBe(
    'MODEL_VERSION_UNKNOWN',
  )
  const metadata = await flights.metadata()
  expect(metadata.inputs.map(({ name }) => name).sort()).toEqual(Object.keys(COLUMNS).sort())
  expect(await flights.ready()).toBe(true)
  const [id = ''] = (await flights.predict(ROWS)).predictions.map((prediction) => prediction.id)
  const [label = ''] = metadata.parameters.classes
  expect(await flights.label([{ id, label }])).toBe(1)
  expect((await failureOf(flights.label([{ id, label: 'none' }]))).code).toBe('LABEL_WRONG')
  expect((await failureOf(flights.explain(ROWS))).code).toBe('EXPLANATION_IMPOSSIBLE')
})

test('what is refused is an error with code, status and hint, and is not sent again', async () => {
  const door = await openDoor([])
  const client = createEndpointClient({ baseUrl: door.url, endpoint: ENDPOINT })
  const error = await failureOf(client.predict([{ distanc: 1 }]))
  expect(error).toMatchObject({ code: 'INPUT_UNKNOWN', status: 400, retryable: false })
  expect(error.hint).toContain('distance')
  expect(door.seen).toHaveLength(1)
})

test.each([
  [[], 'no row'],
  [[{ a: Number.POSITIVE_INFINITY }], 'no finite number'],
  [[{ a: 1 }, { a: 'x' }], 'a number in one row and a string in row 1'],
  [{ a: [1, 2], b: [1] }, '"b" has 1 values'],
])('inputs that cannot be sent are told before anything is asked: %j', async (inputs, reason) => {
  const client = createEndpointClient({ baseUrl: 'http://127.0.0.1:9', endpoint: ENDPOINT })
  const error = await failureOf(client.predict(inputs as never))
  expect(error).toMatchObject({ code: 'INPUTS_INVALID', message: expect.stringContaining(reason) })
})

test('a busy server is asked again under the same id, when it says', async () => {
  const door = await openDoor([[503], [429, '0.01']])
  const client = createEndpointClient<Flight>({ baseUrl: door.url, endpoint: ENDPOINT })
  const { id } = await client.predict(ROWS)
  expect(door.seen.map(({ body }) => body.id)).toEqual([id, id, id])
  expect(door.seen[0]?.headers['x-envoy-expected-rq-timeout-ms']).toBe('10000')
})

test('a server that stays busy is given up on, with its own words', async () => {
  const door = await openDoor(Array.from({ length: 5 }, () => [503, '0.01'] as const))
  const client = createEndpointClient<Flight>({ baseUrl: door.url, endpoint: ENDPOINT, retries: 3 })
  const error = await failureOf(client.predict(ROWS))
  expect(error).toMatchObject({
    code: 'OVERLOADED',
    status: 503,
    hint: 'Come back.',
    retryable: true,
  })
  expect(door.seen).toHaveLength(4)
})

test('a late answer (504) and a fault (500) are not asked for again', async () => {
  const door = await openDoor([[504], [500]])
  const client = createEndpointClient<Flight>({ baseUrl: door.url, endpoint: ENDPOINT })
  expect((await failureOf(client.predict(ROWS))).status).toBe(504)
  expect((await failureOf(client.predict(ROWS))).status).toBe(500)
  expect(door.seen).toHaveLength(2)
})

test('a wait that the time does not allow is not begun', async () => {
  const door = await openDoor([[503, '3600']])
  const client = createEndpointClient<Flight>({ baseUrl: door.url, endpoint: ENDPOINT })
  expect((await failureOf(client.predict(ROWS))).code).toBe('OVERLOADED')
  expect(door.seen).toHaveLength(1)
})

test('a server that never answers costs no more than the time that was given', async () => {
  const server = createServer(() => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const client = createEndpointClient<Flight>({ baseUrl: url, endpoint: ENDPOINT, timeoutMs: 50 })
  expect(await failureOf(client.predict(ROWS))).toMatchObject({
    code: 'ANSWER_TOO_LATE',
    status: 0,
  })
})

test('an aborted call ends with the reason, also while it waits to ask again', async () => {
  const door = await openDoor([[503, '5']])
  const client = createEndpointClient<Flight>({ baseUrl: door.url, endpoint: ENDPOINT })
  const stop = new AbortController()
  const asked = client.predict(ROWS, { signal: stop.signal })
  const settled = expect(asked).rejects.toThrow('enough')
  await expect.poll(() => door.seen.length).toBe(1)
  stop.abort(new Error('enough'))
  await settled
  expect(door.seen).toHaveLength(1)
})

test('nobody there is told as such', async () => {
  const client = createEndpointClient<Flight>({
    baseUrl: 'http://127.0.0.1:9',
    endpoint: ENDPOINT,
    retries: 0,
  })
  expect(await failureOf(client.predict(ROWS))).toMatchObject({ code: 'SERVER_UNREACHABLE' })
})
