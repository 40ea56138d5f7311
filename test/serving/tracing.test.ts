import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/time/index.ts'
import {
  type OtlpReceiver,
  openOtlpReceiver,
} from '../../src/platform/telemetry/fixtures/otlp-receiver.ts'
import { openTelemetry, type Telemetry } from '../../src/platform/telemetry/index.ts'
import {
  ENDPOINT,
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { loadServices } from '../../src/surfaces/gateway/grpc/service-definitions.ts'
import {
  createGateway,
  type Gateway,
  type GrpcGateway,
  openGrpcGateway,
} from '../../src/surfaces/gateway/index.ts'

let folder: string
let scene: GatewayScene
let receiver: OtlpReceiver
let telemetry: Telemetry | undefined
let gateway: Gateway
let grpc: GrpcGateway
let url: string
let client: Client
const posted: IncomingHttpHeaders[] = []
const sink = createServer((request, response) => {
  posted.push(request.headers)
  request.resume().on('end', () => response.end())
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-tracing-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first')
  await scene.rollOut(1)
  receiver = await openOtlpReceiver()
  telemetry = await openTelemetry({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '10' },
    release: '1.2.3',
    tell: (message) => console.error(message),
  })
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  const { port } = sink.address() as AddressInfo
  const payloadLog = { url: `http://127.0.0.1:${port}/`, mode: 'response' } as const
  gateway = createGateway({ ...scene, clock: systemClock, telemetry, payloadLog })
  url = await gateway.listen()
  grpc = await openGrpcGateway(gateway.service, {
    port: 0,
    maxMessageBytes: 1_000_000,
    authorize: async ({ about }) => ({ allowed: about }),
    telemetry,
  })
  client = new Client(grpc.address, credentials.createInsecure())
})
afterAll(async () => {
  client.close()
  await grpc.close()
  await gateway.close()
  await telemetry?.close()
  await receiver.close()
  await new Promise((resolve) => sink.close(resolve))
  await scene.close()
  rmSync(folder, { recursive: true })
})

const CALLER = '00f067aa0ba902b7'
let traces = 0
/** A context of a caller, with a trace of its own. */
function context(flags = '01') {
  const traceId = (++traces).toString(16).padStart(32, 'a')
  return { traceId, traceparent: `00-${traceId}-${CALLER}-${flags}` }
}

const ROWS = [
  ['distance', 'FP64', [500, 900]],
  ['hour', 'FP64', [9, 17]],
  ['carrier', 'BYTES', ['AA', 'secret-carrier']],
  ['origin', 'BYTES', ['JFK', 'LGA']],
] as const
const inputs = ROWS.map(([name, datatype, data]) => ({ name, datatype, shape: [2], data }))

function ask(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function spansOf(traceId: string, count: number) {
  await expect
    .poll(() => receiver.spans.filter((span) => span.traceId === traceId).length, {
      timeout: 10_000,
    })
    .toBe(count)
  return receiver.spans.filter((span) => span.traceId === traceId)
}

test('an inference request is one span of the server with a child for each part', async () => {
  const { traceId, traceparent } = context()
  const body = { id: 'private-id', inputs }
  const answer = await ask(`/v2/models/${ENDPOINT}/infer?secret=1`, body, { traceparent })
  expect(answer.status).toBe(200)
  const spans = await spansOf(traceId, 4)
  const server = spans.find(({ kind }) => kind === 2)
  const { port } = new URL(url)
  expect(server).toMatchObject({
    name: 'POST /v2/models/:name/infer',
    parentSpanId: CALLER,
    status: 0,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/v2/models/:name/infer',
      'http.response.status_code': 200,
      'url.path': `/v2/models/${ENDPOINT}/infer`,
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(port),
    },
  })
  expect(answer.headers.get('traceresponse')).toBe(`00-${traceId}-${server?.spanId}-01`)
  const parts = spans.filter((span) => span !== server)
  const inOrder = parts.sort((a, b) => Number(a.startNs - b.startNs))
  expect(inOrder.map(({ name }) => name)).toEqual([
    'features.look-up',
    'model.predict',
    'prediction-log.write',
  ])
  for (const part of parts) expect(part).toMatchObject({ kind: 1, parentSpanId: server?.spanId })
  expect(inOrder[1]?.attributes).toEqual({
    'esteira.model.name': ENDPOINT,
    'esteira.model.version': 1,
    'esteira.model.role': 'stable',
    'esteira.rows': 2,
  })
  const told = JSON.stringify(spans, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  for (const secret of ['secret', 'private-id', 'JFK']) expect(told).not.toContain(secret)
})

test.each([
  ['/invocations', 'POST /invocations', { dataframe_records: [{ distance: 500, hour: 9 }] }],
  [
    `/v1/models/${ENDPOINT}:predict`,
    'POST /v1/models/:target',
    { instances: [{ distance: 500, hour: 9, carrier: 'AA', origin: 'JFK' }] },
  ],
])('the door %s is traced alike', async (path, name, body) => {
  const { traceId, traceparent } = context()
  const answer = await ask(path, body, { traceparent })
  const spans = await spansOf(traceId, answer.status === 200 ? 4 : 2)
  expect(spans.find(({ kind }) => kind === 2)).toMatchObject({
    name,
    status: 0,
    attributes: { 'http.response.status_code': answer.status },
  })
})

test("a caller's mistake is no error of the server, and is named by its trace", async () => {
  const { traceId, traceparent } = context()
  const answer = await ask(`/v2/models/${ENDPOINT}/infer`, { inputs: [] }, { traceparent })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('traceresponse')).toContain(traceId)
  const [span] = await spansOf(traceId, 1)
  expect(span).toMatchObject({ status: 0, attributes: { 'http.response.status_code': 400 } })
  expect(span?.attributes).not.toHaveProperty('error.type')
})

test('what is not sampled, and what only asks for health, has no spans', async () => {
  const { traceId, traceparent } = context('00')
  const answer = await ask(`/v2/models/${ENDPOINT}/infer`, { inputs }, { traceparent })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('traceresponse')).toMatch(/-00$/)
  const quiet = ['/v2/health/ready', '/v2/health/live', '/ping', '/metrics', '/health']
  for (const path of quiet) {
    const reply = await fetch(`${url}${path}`, { headers: { traceparent: context().traceparent } })
    expect([path, reply.status, reply.headers.get('traceresponse')]).toEqual([path, 200, null])
  }
  // A later request's span is there: the earlier ones would be too.
  const last = context()
  await fetch(`${url}/v2`, { headers: { traceparent: last.traceparent } })
  await spansOf(last.traceId, 1)
  const known = receiver.spans.map((span) => span.traceId)
  expect(known).not.toContain(traceId)
  expect(known).not.toContain((traces - 1).toString(16).padStart(32, 'a'))
})

test('a route that is none is named without its path', async () => {
  const { traceId, traceparent } = context()
  await fetch(`${url}/users/jane@example.test`, { headers: { traceparent } })
  const [span] = await spansOf(traceId, 1)
  expect(span?.name).toBe('GET')
  expect(JSON.stringify(span?.attributes)).not.toContain('jane')
})

test('the sink of payloads gets the context of the request it is told of', async () => {
  const { traceId, traceparent } = context()
  await ask(`/v2/models/${ENDPOINT}/infer`, { inputs }, { traceparent, tracestate: 'shop=a1' })
  const told = () => posted.find((headers) => String(headers.traceparent).includes(traceId))
  await expect.poll(told).toBeDefined()
  const spans = await spansOf(traceId, 4)
  const server = spans.find(({ kind }) => kind === 2)
  expect(told()).toMatchObject({
    traceparent: `00-${traceId}-${server?.spanId}-01`,
    tracestate: 'shop=a1',
  })
})

const SERVICE = 'inference.GRPCInferenceService'

function callGrpc(method: string, message: object, traceparent: string) {
  const definition = loadServices().get(SERVICE)?.[method]
  if (definition === undefined) throw new Error(`no method ${method}`)
  const metadata = new Metadata()
  metadata.set('traceparent', traceparent)
  const { path, requestSerialize, responseDeserialize } = definition
  return new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, metadata, resolve)
  })
}

test('a call over gRPC is traced by its metadata', async () => {
  const { traceId, traceparent } = context()
  const contents = { FP64: 'fp64_contents', BYTES: 'bytes_contents' }
  const failure = await callGrpc(
    'ModelInfer',
    {
      model_name: ENDPOINT,
      inputs: inputs.map(({ name, datatype, shape, data }) => ({
        name,
        datatype,
        shape,
        contents: {
          [contents[datatype]]: data.map((v) => (typeof v === 'string' ? Buffer.from(v) : v)),
        },
      })),
    },
    traceparent,
  )
  expect(failure).toBeNull()
  const spans = await spansOf(traceId, 4)
  const server = spans.find(({ kind }) => kind === 2)
  expect(server).toMatchObject({
    name: `${SERVICE}/ModelInfer`,
    parentSpanId: CALLER,
    status: 0,
    attributes: {
      'rpc.system.name': 'grpc',
      'rpc.method': `${SERVICE}/ModelInfer`,
      'rpc.status_code': 'OK',
      'server.address': '127.0.0.1',
    },
  })
  const parts = spans.filter((span) => span !== server)
  expect(parts.map(({ parentSpanId }) => parentSpanId)).toEqual(parts.map(() => server?.spanId))
})

test('a refused call over gRPC has its status, and its trace in the trailers', async () => {
  const { traceId, traceparent } = context()
  const failure = await callGrpc('ModelInfer', { model_name: 'none' }, traceparent)
  expect(failure?.metadata.get('traceresponse').join()).toContain(traceId)
  const [span] = await spansOf(traceId, 1)
  expect(span).toMatchObject({ status: 0, attributes: { 'rpc.status_code': 'NOT_FOUND' } })
})

test('a receiver that is away changes no answer', async () => {
  const body = { id: 'same', inputs }
  const before = await (await ask(`/v2/models/${ENDPOINT}/infer`, body)).json()
  for (const behaviour of ['refuse', 'silent'] as const) {
    receiver.behave(behaviour)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ask(`/v2/models/${ENDPOINT}/infer`, body)),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    for (const answer of answers) expect(await answer.json()).toEqual(before)
  }
  receiver.behave('take')
}, 60_000)
