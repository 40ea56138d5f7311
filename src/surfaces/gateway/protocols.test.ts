import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Reference } from '../../core/records/index.ts'
import { systemClock } from '../../core/time/index.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import {
  ENDPOINT,
  type FixtureModel,
  type GatewayScene,
  openGatewayScene,
} from './fixtures/gateway-scene.ts'
import type { GatewayOptions } from './gateway-options.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway
const closers: (() => Promise<void>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-protocols-'))
})
afterEach(async () => {
  await gateway.close()
  await scene.close()
  for (const close of closers.splice(0)) await close()
  rmSync(folder, { recursive: true })
})

async function serve(model: FixtureModel = 'binary', options: Partial<GatewayOptions> = {}) {
  scene = await openGatewayScene(folder)
  await scene.addVersion('first', { model })
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock, ...options })
  await gateway.listen()
}

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function send(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  })
  const text = await response.text()
  const json = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : { text }
  return { status: response.status, headers: response.headers, body: json } as Reply
}

const ROWS = [
  { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' },
  { distance: null, hour: 6, carrier: 'AA', origin: null },
  { distance: 250.5, hour: 23, carrier: 'ZZ', origin: 'LGA' },
]
const NAMES = ['distance', 'hour', 'carrier', 'origin'] as const
const LISTS = ROWS.map((row) => NAMES.map((name) => row[name]))
const COLUMNS = Object.fromEntries(NAMES.map((name) => [name, ROWS.map((row) => row[name])]))
const INFER = `/v2/models/${ENDPOINT}/infer`
const PREDICT = `/v1/models/${ENDPOINT}:predict`

const spread = { kind: 'number' as const, missingShare: 0 }
const REFERENCE: Reference = {
  inputs: [
    { ...spread, name: 'distance', edges: [200, 600, 800], shares: [0.2, 0.2, 0.5, 0.1] },
    { ...spread, name: 'hour', edges: [12], shares: [0.6, 0.4] },
    {
      kind: 'text',
      name: 'carrier',
      categories: ['B6', 'AA'],
      shares: [0.3, 0.6],
      otherShare: 0.1,
      missingShare: 0,
    },
    {
      kind: 'text',
      name: 'origin',
      categories: ['JFK'],
      shares: [0.4],
      otherShare: 0,
      missingShare: 0.6,
    },
  ],
  prediction: null,
  rows: 400,
}

const tensor = (name: string, data: readonly unknown[]) => ({
  name,
  datatype: data.some((value) => typeof value === 'string') ? 'BYTES' : 'FP64',
  shape: [data.length],
  data,
})
const INPUTS = Object.entries(COLUMNS).map(([name, data]) => tensor(name, data))
const MATRICES = [
  { name: 'n', datatype: 'FP64', shape: [3, 2], data: LISTS.map((row) => row.slice(0, 2)) },
  { name: 't', datatype: 'BYTES', shape: [3, 2], data: LISTS.flatMap((row) => row.slice(2)) },
]
const CSV = `${NAMES.join(',')}\r\n900,12,B6,JFK\r\n,6,"AA",\r\n250.5,23,ZZ,LGA\r\n`
const SPLIT = { dataframe_split: { columns: NAMES, data: LISTS, index: [0, 1, 2] } }

async function openInferenceLabels(inputs: unknown): Promise<unknown> {
  const { body } = await send(INFER, { inputs, outputs: [{ name: 'label' }] })
  return (body.outputs as { data: unknown }[] | undefined)?.[0]?.data ?? body
}

async function predictions(path: string, body: unknown, headers = {}): Promise<unknown> {
  const reply = await send(path, body, headers)
  return reply.body.predictions ?? reply.body
}

describe('all protocols on the same rows', () => {
  test.each(['binary', 'three-classes'] as const)('give equal answers: %s', async (model) => {
    await serve(model)
    const labels = await openInferenceLabels(INPUTS)
    expect(labels).toHaveLength(3)
    expect(await openInferenceLabels(MATRICES)).toEqual(labels)
    for (const body of [
      SPLIT,
      { dataframe_records: ROWS },
      { instances: ROWS },
      { instances: LISTS },
      { inputs: COLUMNS },
      { inputs: ROWS, params: { ids: ['a', 'b', 'c'] } },
      JSON.stringify({ inputs: COLUMNS }).replaceAll('null', 'NaN'),
    ]) {
      expect(await predictions('/invocations', body)).toEqual(labels)
    }
    expect(await predictions('/invocations', CSV, { 'content-type': 'text/csv' })).toEqual(labels)
    expect(await predictions(PREDICT, { instances: ROWS })).toEqual(labels)
    expect(await predictions(PREDICT, { instances: LISTS })).toEqual(labels)
    expect(await predictions(PREDICT, { inputs: COLUMNS })).toEqual(labels)
    const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })
    expect(new Set(logged.map(({ inputs }) => JSON.stringify(inputs))).size).toBe(3)
  })

  test('answer a regression and clusters too, and any output that is named', async () => {
    await serve('regression')
    const values = await predictions('/invocations', { instances: LISTS })
    expect(values).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)])
    const params = { output: 'value' }
    expect(await predictions('/invocations', { ...SPLIT, params })).toEqual(values)
    const refused = await send('/invocations', { ...SPLIT, params: { output: 'label' } })
    expect(refused.body).toMatchObject({ error_code: 'BAD_REQUEST', code: 'OUTPUT_UNKNOWN' })
  })
})

describe('MLflow scoring', () => {
  test('has its health routes, and its errors', async () => {
    await serve()
    for (const path of ['/ping', '/health', '/version']) {
      expect((await fetch(`${gateway.address}${path}`)).status).toBe(200)
    }
    const cases: [string, unknown, string][] = [
      ['nothing', {}, 'BODY_INVALID'],
      ['two forms', { ...SPLIT, instances: ROWS }, 'BODY_INVALID'],
      ['a form that is not known', { rows: ROWS }, 'FIELD_UNKNOWN'],
      ['rows of other columns', { instances: [ROWS[0], { distance: 1 }] }, 'BODY_INVALID'],
      ['rows of other lengths', { instances: [LISTS[0], [1]] }, 'BODY_INVALID'],
      ['too few columns', { instances: [[1, 2]] }, 'INPUT_SHAPE_WRONG'],
      ['a text for a number', { instances: [{ ...ROWS[0], hour: '12' }] }, 'INPUT_VALUE_WRONG'],
      ['an unknown column', { inputs: { ...COLUMNS, more: [1, 2, 3] } }, 'INPUT_UNKNOWN'],
      ['unknown params', { ...SPLIT, params: { temperature: 1 } }, 'FIELD_UNKNOWN'],
      ['no JSON', '{"instances": [', 'BODY_NOT_JSON'],
    ]
    for (const [what, body, code] of cases) {
      const reply = await send('/invocations', body)
      expect({ what, status: reply.status, ...reply.body }).toMatchObject({
        what,
        status: 400,
        error_code: 'BAD_REQUEST',
        message: expect.any(String),
        code,
      })
    }
    for (const csv of ['', 'a', 'distance\n"1', 'distance,hour,carrier,origin\nx,1,B6,JFK\n']) {
      expect((await send('/invocations', csv, { 'content-type': 'text/csv' })).status).toBe(400)
    }
    expect((await send('/invocations', 'x', { 'content-type': 'text/html' })).status).toBe(415)
  })
})

describe('KServe', () => {
  test('lists its model and refuses what it does not know', async () => {
    await serve()
    const get = async (path: string) => (await fetch(`${gateway.address}${path}`)).json()
    expect(await get('/v1/models')).toEqual({ models: [ENDPOINT] })
    expect(await get(`/v1/models/${ENDPOINT}`)).toEqual({ name: ENDPOINT, ready: true })
    expect((await send('/v1/models/none:predict', {})).body.code).toBe('MODEL_UNKNOWN')
    expect((await send(`/v1/models/${ENDPOINT}:train`, {})).body.code).toBe('ROUTE_UNKNOWN')
    expect((await send(PREDICT, { instances: [] })).body.code).toBe('BODY_INVALID')
  })

  test('explains each row by what it owes to each input', async () => {
    const model = 'binary'
    scene = await openGatewayScene(folder)
    await scene.addVersion('first', { model, reference: REFERENCE })
    await scene.rollOut(1)
    gateway = createGateway({ ...scene, clock: systemClock })
    await gateway.listen()
    const { body } = await send(`/v1/models/${ENDPOINT}:explain`, { instances: ROWS })
    expect(body).toMatchObject({
      model_version: '1',
      method: 'leave-one-out-occlusion',
      reference: { distance: 700, hour: 12, carrier: 'AA', origin: null },
    })
    const [first] = body.explanations as {
      value: number
      output: string
      contributions: Record<string, number>
    }[]
    expect(first?.output).toBe('probability of 1')
    const positive = async (row: object) => {
      const params = { output: 'probabilities' }
      const reply = await send('/invocations', { instances: [row], params })
      return (reply.body.predictions as number[][])[0]?.[1] ?? Number.NaN
    }
    const whole = await positive({ ...ROWS[0] })
    expect(first?.value).toBeCloseTo(whole, 6)
    const without = await positive({ ...ROWS[0], distance: 700 })
    expect(first?.contributions.distance).toBeCloseTo(whole - without, 6)
    // The reference's own value in a row owes nothing.
    expect(first?.contributions.hour).toBe(0)
    const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })
    expect(logged).toHaveLength(2)
  })

  test('says why a version without a reference cannot be explained', async () => {
    await serve()
    const reply = await send(`/v1/models/${ENDPOINT}:explain`, { instances: ROWS })
    expect(reply.status).toBe(422)
    expect(reply.body.error).toMatch(/does not say how "distance" was spread/)
  })
})

describe('CloudEvents', () => {
  const attributes = { id: 'event-1', source: '/shop', specversion: '1.0', type: 'any' }
  const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }

  test.each([
    [INFER, { inputs: INPUTS }, 'outputs'],
    [PREDICT, { instances: ROWS }, 'predictions'],
  ])('are answered in kind: %s', async (path, data, field) => {
    await serve()
    const plain = await send(path, data)
    const event = await send(path, { ...attributes, data }, structured)
    expect(event.headers.get('content-type')).toMatch(/^application\/cloudevents\+json/)
    expect(event.body).toMatchObject({
      id: 'event-1',
      type: 'org.kubeflow.serving.inference.response',
      specversion: '1.0',
    })
    expect((event.body.data as Record<string, unknown>)[field]).toEqual(plain.body[field])
    const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value])
    const binary = await send(path, data, Object.fromEntries(headers))
    expect(binary.headers.get('ce-id')).toBe('event-1')
    expect(binary.headers.get('ce-type')).toBe('org.kubeflow.serving.inference.response')
    expect(binary.body[field]).toEqual(plain.body[field])
  })

  test('that are none are refused', async () => {
    await serve()
    for (const event of [
      [],
      1,
      {},
      { ...attributes, specversion: '0.3' },
      { ...attributes, id: '' },
    ]) {
      expect((await send(INFER, event, structured)).body.code).toBe('EVENT_INVALID')
    }
    expect((await send(INFER, {}, { 'ce-specversion': '1.0' })).body.code).toBe('EVENT_INVALID')
    expect((await send(INFER, attributes, structured)).body.code).toBe('BODY_INVALID')
  })
})

describe('the payload log', () => {
  interface Told {
    readonly headers: IncomingHttpHeaders
    readonly body: Record<string, unknown>
  }

  /** A sink that answers only once it is let. */
  async function sink(answer: Promise<unknown> = Promise.resolve()) {
    const told: Told[] = []
    const server = createHttpServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        told.push({ headers: request.headers, body: JSON.parse(text) })
        void answer.then(() => response.end())
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}/events?a=b`, told }
  }

  test('tells requests and answers as events', async () => {
    const { url, told } = await sink()
    await serve('binary', { payloadLog: { url } })
    await send('/invocations', { ...SPLIT, params: { id: 'batch' } })
    await expect.poll(() => told.length).toBe(2)
    const byType = new Map(told.map((event) => [event.headers['ce-type'], event]))
    const request = byType.get('org.kubeflow.serving.inference.request')
    const response = byType.get('org.kubeflow.serving.inference.response')
    expect(request?.headers).toMatchObject({ 'ce-id': 'batch', 'ce-specversion': '1.0' })
    expect(request?.body.inputs).toEqual(INPUTS)
    expect(response?.body).toMatchObject({ id: 'batch', model_name: ENDPOINT })
    const metrics = await (await fetch(`${gateway.address}/metrics`)).text()
    expect(metrics).toContain(
      'esteira_gateway_payload_events_total{model="delays",result="sent"} 2\n',
    )
  })

  test('never holds an answer up: what does not fit its queue is dropped and counted', async () => {
    let release = () => {}
    const { url } = await sink(
      new Promise<void>((resolve) => {
        release = resolve
      }),
    )
    await serve('binary', { payloadLog: { url, mode: 'response', maxQueued: 3 } })
    for (let i = 0; i < 12; i++) {
      expect((await send(PREDICT, { instances: ROWS })).status).toBe(200)
    }
    const metrics = await (await fetch(`${gateway.address}/metrics`)).text()
    expect(metrics).toContain(
      'esteira_gateway_payload_events_total{model="delays",result="dropped"} 5\n',
    )
    release()
  })
})

describe('binary tensors', () => {
  test('broken ones are refused', async () => {
    await serve()
    const numbers = { name: 'distance', datatype: 'FP32', shape: [1] }
    const cases: [object, number, Buffer][] = [
      [{ ...numbers, parameters: { binary_data_size: 5 } }, 0, Buffer.alloc(4)],
      [{ ...numbers, parameters: { binary_data_size: 3 } }, 0, Buffer.alloc(3)],
      [{ ...numbers, parameters: { binary_data_size: -1 } }, 0, Buffer.alloc(4)],
      [{ ...numbers, parameters: { binary_data_size: 4 }, data: [1] }, 0, Buffer.alloc(4)],
      [{ ...numbers, parameters: { binary_data_size: 2 } }, 0, Buffer.alloc(4)],
      [{ ...numbers, parameters: { binary_data_size: 4 } }, 100, Buffer.alloc(4)],
      [{ ...numbers, datatype: 'BF16', parameters: { binary_data_size: 4 } }, 0, Buffer.alloc(4)],
      [
        { ...numbers, datatype: 'BYTES', parameters: { binary_data_size: 4 } },
        0,
        Buffer.alloc(4, 9),
      ],
    ]
    for (const [input, more, bytes] of cases) {
      const json = Buffer.from(JSON.stringify({ inputs: [input] }))
      const reply = await send(INFER, Buffer.concat([json, bytes]), {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(json.length + more),
      })
      expect({ input, status: reply.status }).toEqual({ input, status: 400 })
    }
  })

  test('compressed bodies count by what comes out of them', async () => {
    await serve('binary', { maxBodyBytes: 10_000 })
    const gzip = { 'content-encoding': 'gzip' }
    const fits = gzipSync(JSON.stringify({ inputs: INPUTS }))
    expect((await send(INFER, fits, gzip)).status).toBe(200)
    const bomb = gzipSync(Buffer.alloc(1_000_000, 32))
    expect((await send(INFER, bomb, gzip)).status).toBe(413)
    expect((await send(INFER, 'no gzip', gzip)).status).toBe(400)
    expect((await send(INFER, 'x', { 'content-encoding': 'br' })).status).toBe(415)
  })
})

test('a page of another site cannot make a browser ask', async () => {
  await serve()
  const reply = await send(INFER, { inputs: INPUTS }, { origin: 'https://elsewhere.example' })
  expect(reply.body.code).toBe('CROSS_SITE_REFUSED')
})
