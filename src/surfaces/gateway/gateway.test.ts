import { mkdtempSync, rmSync } from 'node:fs'
import { get as httpGet } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentPolicy } from '../../core/records/index.ts'
import { systemClock } from '../../core/time/index.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import {
  ENDPOINT,
  type FixtureModel,
  type GatewayScene,
  openGatewayScene,
  readExpected,
} from './fixtures/gateway-scene.ts'
import type { GatewayOptions } from './gateway-options.ts'
import type { InferResponse } from './open-inference.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-gateway-'))
})
afterEach(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function serve(
  options: {
    readonly deployment?: Partial<DeploymentPolicy>
    readonly model?: FixtureModel
    readonly featureView?: boolean
    readonly gateway?: Partial<GatewayOptions>
  } = {},
): Promise<void> {
  scene = await openGatewayScene(folder, options.deployment)
  const { model = 'binary', featureView = false } = options
  await scene.addVersion('first', { model, featureView })
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock, ...options.gateway })
  await gateway.listen()
}

interface Answer<T> {
  readonly status: number
  readonly body: T
}

interface Refusal {
  readonly error: string
  readonly code: string
  readonly hint: string
}

async function post<T = Refusal>(path: string, body: unknown): Promise<Answer<T>> {
  const response = await fetch(`${gateway.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as T }
}

async function get<T>(path: string): Promise<Answer<T>> {
  const response = await fetch(`${gateway.address}${path}`)
  return { status: response.status, body: (await response.json()) as T }
}

const INFER = `/v2/models/${ENDPOINT}/infer`

function tensor(name: string, data: readonly unknown[], datatype = 'FP64') {
  return { name, datatype, shape: [data.length], data }
}

function inputs(rows = 1) {
  const repeat = <T>(value: T) => Array.from({ length: rows }, () => value)
  return [
    tensor('distance', repeat(900)),
    tensor('hour', repeat(12), 'INT64'),
    tensor('carrier', repeat('B6'), 'BYTES'),
    tensor('origin', repeat('JFK'), 'BYTES'),
  ]
}

function replace(name: string, changed: object) {
  return inputs().map((input) => (input.name === name ? { ...input, ...changed } : input))
}

function output(response: InferResponse, name: string) {
  return response.outputs.find((candidate) => candidate.name === name)?.data
}

function logged() {
  return scene.log.window({ endpoint: ENDPOINT, fromMs: -1e15, toMs: 1e15 })
}

describe('predicting', () => {
  test.each(['binary', 'three-classes', 'regression', 'clusters'] as const)(
    'gives the answers of the original model: %s',
    async (model) => {
      await serve({ model })
      const { columns, output: expected, rows } = readExpected(model)
      const body = {
        id: 'batch',
        inputs: Object.entries(columns).map(([name, data]) =>
          tensor(name, data, data.some((value) => typeof value === 'string') ? 'BYTES' : 'FP32'),
        ),
      }
      const answer = await post<InferResponse>(INFER, body)
      expect(answer.status).toBe(200)
      const [first] = answer.body.outputs
      const width = expected.length / rows
      expect(first?.shape).toEqual(width > 1 ? [rows, width] : [rows])
      for (const [i, value] of (first?.data ?? []).entries()) {
        expect(Math.abs(Number(value) - (expected[i] ?? Number.NaN))).toBeLessThan(1e-4)
      }
      expect((await logged()).map(({ id }) => id)).toEqual(
        Array.from({ length: rows }, (_, i) => `batch/${i}`),
      )
    },
  )

  test('answers as the protocol says, with label and decision by the threshold', async () => {
    await serve()
    const { status, body } = await post<InferResponse>(INFER, { id: 'flight-1', inputs: inputs() })
    expect(status).toBe(200)
    expect(body).toMatchObject({ model_name: ENDPOINT, model_version: '1', id: 'flight-1' })
    expect(body.parameters).toEqual({ role: 'stable', ids: ['flight-1'] })
    const positive = Number(output(body, 'probabilities')?.[1])
    expect(output(body, 'decision')).toEqual([positive >= 0.4])
    expect(output(body, 'label')).toEqual([positive >= 0.4 ? '1' : '0'])
  })

  test('logs what the model saw before it answers', async () => {
    await serve()
    const { body } = await post<InferResponse>(INFER, { id: 'flight-1', inputs: inputs() })
    expect(await logged()).toEqual([
      expect.objectContaining({
        id: 'flight-1',
        endpoint: ENDPOINT,
        version: 1,
        role: 'stable',
        inputs: { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' },
        output: output(body, 'probabilities'),
        flags: [],
      }),
    ])
  })

  test('names rows by the caller, by the request, or by itself', async () => {
    await serve()
    const named = { parameters: { ids: ['a', 'b'] }, inputs: inputs(2) }
    expect((await post<InferResponse>(INFER, named)).body.parameters.ids).toEqual(['a', 'b'])
    const { body } = await post<InferResponse>(INFER, { inputs: inputs(2) })
    expect(body.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(body.parameters.ids).toEqual([`${body.id}/0`, `${body.id}/1`])
  })

  test('takes columns of shape [n, 1], nested or flat, and nulls as missing', async () => {
    await serve()
    const nested = replace('distance', { shape: [1, 1], data: [[null]] })
    const flat = replace('distance', { shape: [1, 1], data: [null] })
    const answers = [
      await post<InferResponse>(INFER, { inputs: nested }),
      await post<InferResponse>(INFER, { inputs: flat }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await logged())[0]?.inputs.distance).toBeNull()
  })

  test('gives only the wanted outputs', async () => {
    await serve()
    const wanted = { inputs: inputs(), outputs: [{ name: 'decision' }] }
    const { body } = await post<InferResponse>(INFER, wanted)
    expect(body.outputs.map(({ name }) => name)).toEqual(['decision'])
  })

  test('a version can be asked for by its number', async () => {
    await serve()
    const path = `/v2/models/${ENDPOINT}/versions/1/infer`
    expect((await post<InferResponse>(path, { inputs: inputs() })).body.model_version).toBe('1')
  })

  test('requests that come together share calls and each get their own answer', async () => {
    await serve()
    const { columns, output: expected, rows } = readExpected('binary')
    const answers = await Promise.all(
      Array.from({ length: rows }, (_, row) =>
        post<InferResponse>(INFER, {
          id: `row-${row}`,
          inputs: Object.entries(columns).map(([name, data]) =>
            tensor(name, [data[row]], name === 'distance' || name === 'hour' ? 'FP64' : 'BYTES'),
          ),
        }),
      ),
    )
    for (const [row, { body }] of answers.entries()) {
      expect(body.id).toBe(`row-${row}`)
      const probability = Number(output(body, 'probabilities')?.[1])
      expect(Math.abs(probability - Number(expected[2 * row + 1]))).toBeLessThan(1e-4)
    }
  })
})

describe('looking up features', () => {
  const NOON = Date.UTC(2013, 6, 1, 12)
  const withoutHour = () => inputs().filter(({ name }) => name !== 'hour')

  async function serveFeatures(missingFeatures: 'null' | 'error' = 'null'): Promise<void> {
    await serve({
      featureView: true,
      deployment: { missingFeatures },
      gateway: { acceptRequestTime: true },
    })
    await scene.online.put('airport', [{ keys: ['JFK'], values: { hour: 17 }, eventTimeMs: NOON }])
  }

  async function seenAt(timeMs: number | string): Promise<unknown> {
    const body = { id: String(timeMs), parameters: { time: timeMs }, inputs: withoutHour() }
    const { status } = await post<InferResponse>(INFER, body)
    return status === 200
      ? (await logged()).find(({ id }) => id === String(timeMs))?.inputs.airport__hour
      : status
  }

  test('uses a value from its availability to its time to live, no sooner and no later', async () => {
    await serveFeatures()
    const [hour, day] = [3_600_000, 86_400_000]
    expect(await seenAt(NOON + hour - 1)).toBeNull()
    expect(await seenAt(NOON + hour)).toBe(17)
    expect(await seenAt(new Date(NOON + day).toISOString())).toBe(17)
    expect(await seenAt(NOON + day + 1)).toBeNull()
  })

  test('a missing feature is an error where the policy says so', async () => {
    await serveFeatures('error')
    const body = { parameters: { time: NOON - 1 }, inputs: withoutHour() }
    const { status, body: refusal } = await post(INFER, body)
    expect(status).toBe(422)
    expect(refusal.error).toBe(
      'The feature view "airport" has no fresh value for origin = "JFK" (row 0).',
    )
  })

  test('the metadata tells what to send', async () => {
    await serveFeatures()
    const { body } = await get<{ inputs: { name: string; parameters: object }[] }>(
      `/v2/models/${ENDPOINT}`,
    )
    expect(body.inputs.map(({ name }) => name)).toEqual(['distance', 'carrier', 'origin'])
    expect(body.inputs[2]?.parameters).toEqual({
      nullable: true,
      model_input: true,
      entity_key: true,
    })
  })
})

describe('refusing', () => {
  const cases: readonly (readonly [string, number, string, unknown])[] = [
    ['no JSON', 400, 'BODY_NOT_JSON', '{"inputs": ['],
    ['an empty body', 400, 'BODY_NOT_JSON', ''],
    ['an array', 400, 'BODY_INVALID', []],
    ['no inputs', 400, 'BODY_INVALID', {}],
    ['empty inputs', 400, 'BODY_INVALID', { inputs: [] }],
    ['an unknown field', 400, 'FIELD_UNKNOWN', { inputs: inputs(), input: [] }],
    ['an unknown parameter', 400, 'FIELD_UNKNOWN', { inputs: inputs(), parameters: { tme: 1 } }],
    ['a number as id', 400, 'BODY_INVALID', { id: 7, inputs: inputs() }],
    ['a time', 400, 'REQUEST_TIME_REFUSED', { inputs: inputs(), parameters: { time: 0 } }],
    ['repeated ids', 400, 'BODY_INVALID', { inputs: inputs(2), parameters: { ids: ['a', 'a'] } }],
    ['too few ids', 400, 'BODY_INVALID', { inputs: inputs(2), parameters: { ids: ['a'] } }],
    ['a mistyped input', 400, 'INPUT_UNKNOWN', { inputs: replace('hour', { name: 'houre' }) }],
    ['a missing input', 400, 'INPUT_MISSING', { inputs: inputs().slice(1) }],
    [
      'an input twice',
      400,
      'REQUEST_INPUT_REPEATED',
      { inputs: [...inputs(), tensor('hour', [1])] },
    ],
    [
      'text for a number',
      400,
      'INPUT_DATATYPE_WRONG',
      { inputs: replace('hour', { datatype: 'BYTES' }) },
    ],
    [
      'FP64 for a text',
      400,
      'INPUT_DATATYPE_WRONG',
      { inputs: replace('origin', { datatype: 'FP64' }) },
    ],
    [
      'no such datatype',
      400,
      'INPUT_DATATYPE_WRONG',
      { inputs: replace('hour', { datatype: 'BF16' }) },
    ],
    [
      'a text among numbers',
      400,
      'INPUT_VALUE_WRONG',
      { inputs: replace('hour', { data: ['12'] }) },
    ],
    ['a fraction as INT64', 400, 'INPUT_VALUE_WRONG', { inputs: replace('hour', { data: [1.5] }) }],
    [
      '300 as INT8',
      400,
      'INPUT_VALUE_WRONG',
      { inputs: replace('hour', { datatype: 'INT8', data: [300] }) },
    ],
    ['beyond float32', 400, 'INPUT_VALUE_WRONG', { inputs: replace('distance', { data: [1e39] }) }],
    [
      'an infinite number',
      400,
      'INPUT_VALUE_WRONG',
      JSON.stringify({ inputs: inputs() }).replace('900', '1e999'),
    ],
    [
      'two values for one row',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { data: [1, 2] }) },
    ],
    [
      'a wide shape',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { shape: [1, 2], data: [1, 2] }) },
    ],
    ['no rows', 400, 'INPUT_SHAPE_WRONG', { inputs: replace('hour', { shape: [0], data: [] }) }],
    [
      'ragged rows',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { shape: [1, 1], data: [[1, 2]] }) },
    ],
    [
      'columns of different length',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { shape: [2], data: [1, 2] }) },
    ],
    [
      'an unknown output',
      400,
      'OUTPUT_UNKNOWN',
      { inputs: inputs(), outputs: [{ name: 'lable' }] },
    ],
    ['too many rows', 400, 'BATCH_TOO_LARGE', { inputs: inputs(21) }],
  ]

  test('names what is wrong and what to do, and logs nothing', async () => {
    await serve({ deployment: { maxBatchRows: 20 } })
    for (const [what, status, code, body] of cases) {
      const answer = await post(INFER, body)
      expect({ what, status: answer.status, code: answer.body.code }).toEqual({
        what,
        status,
        code,
      })
      expect(Object.keys(answer.body)).toEqual(['error', 'code', 'hint'])
      expect(answer.body.hint).not.toBe('')
    }
    expect(await logged()).toEqual([])
  })

  test('asks "did you mean"', async () => {
    await serve()
    const input = await post(INFER, { inputs: replace('hour', { name: 'houre' }) })
    expect(input.body.hint).toContain('Did you mean "hour"?')
    const model = await post('/v2/models/delay/infer', { inputs: inputs() })
    expect(model.status).toBe(404)
    expect(model.body.hint).toContain('Did you mean "delays"?')
    const version = await post(`/v2/models/${ENDPOINT}/versions/9/infer`, { inputs: inputs() })
    expect(version).toMatchObject({ status: 404, body: { code: 'MODEL_VERSION_UNKNOWN' } })
  })

  test('other content types and large bodies', async () => {
    await serve({ gateway: { maxBodyBytes: 1_000 } })
    const url = `${gateway.address}${INFER}`
    const typed = await fetch(url, { method: 'POST', body: 'a=b' })
    expect(typed.status).toBe(415)
    expect(await post(INFER, { inputs: inputs(200) })).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE' },
    })
    expect((await fetch(`${gateway.address}/v2/%E0%A4%A`)).status).toBe(400)
    expect(await get('/nowhere')).toMatchObject({ status: 404, body: { code: 'ROUTE_UNKNOWN' } })
  })

  test('numbers far outside the training range are flagged, or refused by policy', async () => {
    await serve()
    const far = { id: 'far', inputs: replace('distance', { data: [90_000] }) }
    expect((await post(INFER, far)).status).toBe(200)
    expect((await logged())[0]?.flags).toEqual(['out-of-range:distance'])
    await gateway.close()
    const project = { ...scene.project }
    project.deployment = { ...project.deployment, outOfRange: 'reject' }
    gateway = createGateway({ ...scene, project, clock: systemClock })
    await gateway.listen()
    expect(await post(INFER, { ...far, id: 'again' })).toMatchObject({
      status: 422,
      body: { code: 'INPUT_OUT_OF_RANGE' },
    })
  })

  test('when the log cannot be written there is no answer', async () => {
    await serve()
    await scene.log.close()
    const refused = await post(INFER, { inputs: inputs() })
    expect(refused).toMatchObject({ status: 503, body: { code: 'PREDICTION_NOT_LOGGED' } })
    expect(await post('/v1/labels', { labels: [{ id: 'a', label: '1' }] })).toMatchObject({
      status: 503,
      body: { code: 'LABELS_NOT_STORED' },
    })
    expect(gateway.statistics().versions['1']).toMatchObject({ requests: 1, failed: 1, errors: 1 })
  })
})

describe('taking labels', () => {
  test('joins them to predictions by id, with their time', async () => {
    await serve()
    await post(INFER, { id: 'a', inputs: inputs() })
    await post(INFER, { id: 'b', inputs: inputs() })
    const labels = [
      { id: 'a', label: 1, time: '2013-07-02T00:00:00Z' },
      { id: 'b', label: '0' },
    ]
    expect(await post('/v1/labels', { labels })).toEqual({ status: 200, body: { accepted: 2 } })
    expect((await logged()).map(({ label }) => label)).toEqual(['1', '0'])
  })

  test('refuses a class the model does not know, whole or not at all', async () => {
    await serve()
    await post(INFER, { id: 'a', inputs: inputs() })
    const labels = [
      { id: 'a', label: '1' },
      { id: 'a', label: 'late' },
    ]
    expect(await post('/v1/labels', { labels })).toMatchObject({
      status: 400,
      body: { code: 'LABEL_WRONG', hint: 'Known: 0, 1.' },
    })
    expect((await logged())[0]?.label).toBeNull()
  })
})

describe('telling about itself', () => {
  test('health, metadata and statistics', async () => {
    await serve()
    expect(await get('/v2')).toMatchObject({ status: 200, body: { name: 'esteira' } })
    expect((await get('/v2/health/live')).status).toBe(200)
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } })
    expect(await get(`/v2/models/${ENDPOINT}/ready`)).toMatchObject({ status: 200 })
    expect((await get(`/v2/models/${ENDPOINT}/versions/2/ready`)).status).toBe(404)
    const { body } = await get(`/v2/models/${ENDPOINT}`)
    expect(body).toMatchObject({
      name: ENDPOINT,
      versions: ['1'],
      platform: 'onnx_onnxv1',
      outputs: [
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'decision', datatype: 'BOOL', shape: [-1] },
      ],
    })
    await post(INFER, { inputs: inputs(3) })
    await post(INFER, { inputs: inputs().slice(1) })
    expect((await get(`/v1/endpoints/${ENDPOINT}/statistics`)).body).toMatchObject({
      versions: { '1': { requests: 2, predictions: 3, rejected: 1, failed: 0, errors: 1 } },
    })
  })

  test('metrics in the text format of Prometheus', async () => {
    await serve()
    await post(INFER, { inputs: inputs() })
    const response = await fetch(`${gateway.address}/metrics`)
    expect(response.headers.get('content-type')).toContain('version=0.0.4')
    const text = await response.text()
    expect(text).toContain(
      'esteira_gateway_requests_total{model="delays",version="1",code="200"} 1\n',
    )
    expect(text).toContain('esteira_gateway_loaded_revisions{model="delays"} 1\n')
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"]*",?)+\})? (?:\d\S*|NaN))$/)
    }
  })

  test('before anything is deployed it is alive, not ready, and says so', async () => {
    scene = await openGatewayScene(folder)
    gateway = createGateway({ ...scene, clock: systemClock })
    await gateway.listen()
    expect((await get('/v2/health/live')).status).toBe(200)
    expect((await get('/v2/health/ready')).status).toBe(503)
    expect(await post(INFER, { inputs: inputs() })).toMatchObject({
      status: 503,
      body: { error: 'Endpoint "delays" cannot answer yet: nothing is deployed.' },
    })
  })
})

describe('letting in', () => {
  test('answers only requests that name this machine', async () => {
    await serve()
    const { port } = new URL(gateway.address ?? '')
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' }
      httpGet({ host: '127.0.0.1', port, path: '/v2', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
    expect(status).toBe(403)
  })

  test('demands the token on every route when there is one', async () => {
    await serve({ gateway: { token: 'secret' } })
    for (const path of ['/v2', '/metrics', `/v1/endpoints/${ENDPOINT}`, '/nowhere']) {
      expect((await get(path)).status).toBe(401)
    }
    const headers = { authorization: 'Bearer secret' }
    expect((await fetch(`${gateway.address}/v2`, { headers })).status).toBe(200)
    const wrong = { authorization: 'Bearer secre' }
    expect((await fetch(`${gateway.address}/v2`, { headers: wrong })).status).toBe(401)
  })

  test('refuses to listen to the world without a token', async () => {
    await serve()
    const other = createGateway({ ...scene, clock: systemClock })
    await expect(other.listen({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'GATEWAY_TOKEN_NEEDED',
    })
    await other.close()
  })

  test('says so when its port is taken', async () => {
    await serve()
    const port = Number(new URL(gateway.address ?? '').port)
    const other = createGateway({ ...scene, clock: systemClock })
    await expect(other.listen({ port })).rejects.toMatchObject({ code: 'GATEWAY_ADDRESS_TAKEN' })
    await other.close()
  })
})
