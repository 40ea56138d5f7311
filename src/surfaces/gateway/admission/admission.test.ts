import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentPolicy } from '../../../core/records/index.ts'
import { systemClock } from '../../../core/time/index.ts'
import { createGateway, type Gateway } from '../create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from '../fixtures/gateway-scene.ts'
import type { GatewayOptions } from '../gateway-options.ts'
import { loadServices } from '../grpc/service-definitions.ts'
import { openGrpcGateway } from '../open-grpc-gateway.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway
const faults: string[] = []
const closers: (() => unknown)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-admission-'))
  faults.length = 0
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

type Limits = Partial<DeploymentPolicy['limits']>

async function serve(
  limits: Limits,
  rest: Partial<DeploymentPolicy> = {},
  options: Partial<GatewayOptions> = {},
) {
  const whole = { maxInFlight: 256, deadline: '10s', ...limits }
  scene = await openGatewayScene(folder, { ...rest, limits: whole })
  await scene.addVersion('first')
  await scene.rollOut(1)
  const logger = (message: string) => faults.push(message)
  gateway = createGateway({ ...scene, clock: systemClock, logger, ...options })
  await gateway.listen()
}

const ROW = { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' }
const inputs = (row: Readonly<Record<string, string | number>> = ROW) =>
  Object.entries(row).map(([name, value]) => ({
    name,
    shape: [1],
    datatype: typeof value === 'number' ? 'FP64' : 'BYTES',
    data: [value],
  }))

const DOORS: Readonly<Record<string, readonly [path: string, body: object]>> = {
  'the Open Inference Protocol': [`/v2/models/${ENDPOINT}/infer`, { inputs: inputs() }],
  MLflow: ['/invocations', { dataframe_records: [ROW] }],
  KServe: [`/v1/models/${ENDPOINT}:predict`, { instances: [ROW] }],
}
const INFER = DOORS['the Open Inference Protocol'] ?? ['', {}]

async function post([path, body]: readonly [string, object], headers: object = {}) {
  const answer = await fetch(`${gateway.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const json = (await answer.json()) as { readonly code?: string }
  return { status: answer.status, code: json.code, headers: answer.headers }
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.address}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(name))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

/** Looks until it holds; the test's own time limit ends it otherwise. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function openGrpc() {
  const grpc = await openGrpcGateway(gateway.service, {
    port: 0,
    maxMessageBytes: 1_000_000,
    authorize: async ({ about }) => ({ caller: 'tester', allowed: about }),
    logger: (message) => faults.push(message),
  })
  const client = new Client(grpc.address, credentials.createInsecure())
  closers.push(
    () => grpc.close(),
    () => client.close(),
  )
  const definition = loadServices().get('inference.GRPCInferenceService')?.ModelInfer
  if (definition === undefined) throw new Error('no ModelInfer')
  const message = {
    model_name: ENDPOINT,
    inputs: Object.entries(ROW).map(([name, value]) => ({
      name,
      shape: [1],
      datatype: typeof value === 'number' ? 'FP64' : 'BYTES',
      contents:
        typeof value === 'number'
          ? { fp64_contents: [value] }
          : { bytes_contents: [Buffer.from(value)] },
    })),
  }
  return (deadlineMs?: number) =>
    new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        message,
        new Metadata(),
        deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
        (failure) => resolve(failure),
      )
    })
}

describe('places', () => {
  test('are limited over all doors together; who finds none is told when to come back', async () => {
    // A lone request waits for others to share the model's call: long enough to find it there.
    await serve({ maxInFlight: 1 }, { batchDelay: '1s' })
    const call = await openGrpc()
    const first = post(INFER)
    await until(async () => (await metric('esteira_gateway_in_flight ')) === 1)
    for (const door of Object.values(DOORS)) {
      const { status: code, headers, ...answer } = await post(door)
      expect([code, answer.code]).toEqual([503, 'OVERLOADED'])
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    }
    const failure = await call()
    expect(failure?.code).toBe(status.UNAVAILABLE)
    expect(failure?.metadata.get('esteira-code')).toEqual(['OVERLOADED'])
    expect(Number(failure?.metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThanOrEqual(1_000)
    expect((await first).status).toBe(200)
    expect(await metric('esteira_gateway_places_taken_highest')).toBe(1)
    expect(
      await metric(`esteira_gateway_refused_total{model="${ENDPOINT}",reason="overloaded"}`),
    ).toBe(4)
    expect((await post(INFER)).status).toBe(200)
    expect(faults).toEqual([])
  })

  test('are given back by requests that fail', async () => {
    await serve({ maxInFlight: 2 })
    for (let i = 0; i < 10; i++) {
      const wrong = await post([INFER[0], { inputs: inputs({ ...ROW, hour: 'noon' }) }])
      expect(wrong.status).toBe(400)
    }
    expect((await post(INFER)).status).toBe(200)
    await until(async () => (await metric('esteira_gateway_in_flight ')) === 0)
  })
})

describe('deadlines', () => {
  test.each([
    ['grpc-timeout', '0m'],
    ['grpc-timeout', '900n'],
  ])('that have passed cost no model call: %s %s', async (name, value) => {
    await serve({})
    const { status: code, ...answer } = await post(INFER, { [name]: value })
    expect([code, answer.code]).toEqual([504, 'DEADLINE_PASSED'])
    expect(await scene.log.count(ENDPOINT)).toBe(0)
  })

  test('end a request in time, whatever keeps it: by the policy, headers, or the body', async () => {
    await serve({ deadline: '100ms' }, { batchDelay: '2s' })
    const asked = [
      post(INFER),
      post(INFER, { 'x-envoy-expected-rq-timeout-ms': '60' }),
      // Three minutes by the header; Triton's parameter, in microseconds, brings it forward.
      post([INFER[0], { inputs: inputs(), parameters: { timeout: 80_000 } }], {
        'grpc-timeout': '3M',
      }),
    ]
    // The policy is for callers who say nothing: this one waits long enough.
    const patient = post(INFER, { 'grpc-timeout': '30S' })
    for (const { status: code, ...answer } of await Promise.all(asked)) {
      expect([code, answer.code]).toEqual([504, 'DEADLINE_PASSED'])
    }
    expect((await patient).status).toBe(200)
    expect(await scene.log.count(ENDPOINT)).toBe(1)
    expect(faults).toEqual([])
  })

  test('of gRPC hold as well', async () => {
    await serve({ deadline: '100ms' }, { batchDelay: '2s' })
    const call = await openGrpc()
    expect((await call(60))?.code).toBe(status.DEADLINE_EXCEEDED)
    expect((await call())?.metadata.get('esteira-code')).toEqual(['DEADLINE_PASSED'])
    expect(await call(30_000)).toBe(null)
  })

  test('that are no time are refused', async () => {
    await serve({})
    expect(await post(INFER, { 'grpc-timeout': 'soon' })).toMatchObject({ code: 'BODY_INVALID' })
    const negative = [INFER[0], { inputs: inputs(), parameters: { timeout: -1 } }] as const
    expect(await post(negative)).toMatchObject({ code: 'BODY_INVALID' })
  })

  test('a caller that hangs up before its model call costs none', async () => {
    await serve({}, { batchDelay: '200ms' })
    const body = JSON.stringify(INFER[1])
    const socket = connect(Number(new URL(gateway.address ?? '').port), '127.0.0.1')
    const head = `POST ${INFER[0]} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`
    socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    await until(async () => (await metric('esteira_gateway_in_flight ')) === 1)
    socket.destroy()
    await until(async () => (await metric('esteira_gateway_in_flight ')) === 0)
    expect(await scene.log.count(ENDPOINT)).toBe(0)
    expect((await post(INFER)).status).toBe(200)
    expect(await scene.log.count(ENDPOINT)).toBe(1)
  })
})

describe('rates', () => {
  test('hold for each caller over all doors, with the usual headers', async () => {
    await serve({ perCaller: { requestsPerSecond: 0.001, burst: 3 } })
    const doors = Object.values(DOORS)
    const answers = []
    for (const door of doors) answers.push(await post(door))
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
    expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual([
      '2',
      '1',
      '0',
    ])
    const refused = await post(INFER)
    expect([refused.status, refused.code]).toEqual([429, 'RATE_LIMITED'])
    expect(refused.headers.get('ratelimit-limit')).toBe('3')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(900)
    expect(Number(refused.headers.get('ratelimit-reset'))).toBeGreaterThan(2_900)
    // An account is another caller than an address.
    const call = await openGrpc()
    expect([await call(), await call(), await call()]).toEqual([null, null, null])
    const failure = await call()
    expect(failure?.code).toBe(status.RESOURCE_EXHAUSTED)
    expect(failure?.metadata.get('esteira-code')).toEqual(['RATE_LIMITED'])
  })
})

describe('observers', () => {
  test('are told of every answer over every door, and cannot hurt it', async () => {
    const seen: string[] = []
    const observers = [
      {
        answered() {
          throw new Error('a broken observer')
        },
      },
      {
        answered: ({ caller, sent, rows }: Parameters<ObserverOf>[0]) => {
          const names = [...sent.entries()].map(([name]) => name).sort()
          seen.push(`${caller.key}: ${rows} of ${names.join(' ')}`)
        },
      },
    ]
    await serve({}, {}, { observers })
    const call = await openGrpc()
    for (const door of Object.values(DOORS)) expect((await post(door)).status).toBe(200)
    expect(await call()).toBe(null)
    await until(() => seen.length === 4)
    const address = 'address 127.0.0.1: 1 of carrier distance hour origin'
    expect(seen).toEqual([
      address,
      address,
      address,
      address.replace('address 127.0.0.1', 'account tester'),
    ])
    expect(faults).toHaveLength(4)
  })
})

type ObserverOf = NonNullable<GatewayOptions['observers']>[number]['answered']
