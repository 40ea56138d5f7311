import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/time/index.ts'
import { gatewayErrors } from '../errors.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from '../fixtures/gateway-scene.ts'
import { createGatewayService, type GatewayService } from '../gateway-service.ts'
import { infer, inferResponse } from '../infer.ts'
import { openGrpcGateway } from '../open-grpc-gateway.ts'
import { parseRequest } from '../parse-request.ts'
import type { GrpcGateway } from './grpc-gateway.ts'
import { loadServices } from './service-definitions.ts'

const SERVICE = 'inference.GRPCInferenceService'
const HEALTH = 'grpc.health.v1.Health'
const MAX_MESSAGE_BYTES = 1_000_000

let folder: string
let scene: GatewayScene
let service: GatewayService
let grpc: GrpcGateway
let client: Client
const faults: unknown[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-grpc-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first')
  await scene.rollOut(1)
  service = createGatewayService({ endpoints: [{ ...scene, clock: systemClock }] })
  await service.start()
  grpc = await openGrpcGateway(service, {
    port: 0,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    authorize: async ({ authorization, about }) => {
      if (authorization[0] !== 'Bearer good') throw gatewayErrors.TOKEN_WRONG({})
      return { allowed: about }
    },
    logger: (_message, cause) => faults.push(cause),
  })
  client = new Client(grpc.address, credentials.createInsecure())
})
afterAll(async () => {
  client.close()
  await grpc.close()
  await service.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  readonly failure: ServiceError | null
  readonly message: Readonly<Record<string, unknown>>
}

const services = loadServices()

function definitionOf(method: string) {
  const definition = services.get(method === 'Check' ? HEALTH : SERVICE)?.[method]
  if (definition === undefined) throw new Error(`no method ${method}`)
  return definition
}

function callBytes(method: string, bytes: Buffer, token = 'good'): Promise<Answer> {
  const { path, responseDeserialize } = definitionOf(method)
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${token}`)
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      (value: Buffer) => value,
      (value: Buffer) => responseDeserialize(value) as Answer['message'],
      bytes,
      metadata,
      (failure, message) => resolve({ failure, message: message ?? {} }),
    )
  })
}

function call(method: string, message: object, token?: string): Promise<Answer> {
  return callBytes(method, definitionOf(method).requestSerialize(message), token)
}

const INPUTS = [
  { name: 'distance', datatype: 'FP64', shape: [2], contents: { fp64_contents: [900, 250.5] } },
  { name: 'hour', datatype: 'INT64', shape: [2], contents: { int64_contents: [12, 6] } },
  {
    name: 'carrier',
    datatype: 'BYTES',
    shape: [2],
    contents: { bytes_contents: [Buffer.from('B6'), Buffer.from('AA')] },
  },
  {
    name: 'origin',
    datatype: 'BYTES',
    shape: [2, 1],
    contents: { bytes_contents: [Buffer.from('JFK'), Buffer.from('LGA')] },
  },
]
const REQUEST = { model_name: ENDPOINT, id: 'first', inputs: INPUTS }

describe('predictions over gRPC', () => {
  test('equal those over HTTP', async () => {
    const { failure, message } = await call('ModelInfer', REQUEST)
    expect(failure).toBeNull()
    const json = {
      inputs: [
        { name: 'distance', datatype: 'FP64', shape: [2], data: [900, 250.5] },
        { name: 'hour', datatype: 'INT64', shape: [2], data: [12, 6] },
        { name: 'carrier', datatype: 'BYTES', shape: [2], data: ['B6', 'AA'] },
        { name: 'origin', datatype: 'BYTES', shape: [2], data: ['JFK', 'LGA'] },
      ],
    }
    const request = parseRequest(json, { acceptRequestTime: false })
    const same = { request, version: undefined, onChosen: () => {} }
    const { outputs } = inferResponse(await infer(service.endpoints.first.inference, same))
    expect(message).toMatchObject({
      model_name: ENDPOINT,
      model_version: '1',
      id: 'first',
      outputs: [
        { name: 'probabilities', shape: [2, 2], contents: { fp32_contents: outputs[0]?.data } },
        {
          name: 'label',
          contents: { bytes_contents: outputs[1]?.data.map((v) => Buffer.from(`${v}`)) },
        },
        { name: 'decision', contents: { bool_contents: outputs[2]?.data } },
      ],
    })
  })

  test('NaN is missing, ids are named, outputs are chosen', async () => {
    const [first, ...rest] = INPUTS
    const inputs = [{ ...first, contents: { fp64_contents: [Number.NaN, 1] } }, ...rest]
    const parameters = { ids: { string_param: '["row-a","row-b"]' } }
    const wish = { model_name: ENDPOINT, inputs, parameters, outputs: [{ name: 'label' }] }
    const { message } = await call('ModelInfer', wish)
    expect(message.outputs).toEqual([expect.objectContaining({ name: 'label' })])
    const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })
    expect(logged.find(({ id }) => id === 'row-a')?.inputs.distance).toBeNull()
  })

  test('are counted with the others', async () => {
    const before = service.endpoints.first.statistics().versions['1']
    await call('ModelInfer', REQUEST)
    await call('ModelInfer', { ...REQUEST, inputs: INPUTS.slice(1) })
    const after = service.endpoints.first.statistics().versions['1']
    expect(after?.requests).toBe((before?.requests ?? 0) + 2)
    expect(after?.rejected).toBe((before?.rejected ?? 0) + 1)
  })
})

describe('refusing calls', () => {
  test.each([
    ['a model that is not served', { ...REQUEST, model_name: 'none' }, 'NOT_FOUND'],
    ['a version that is not loaded', { ...REQUEST, model_version: '7' }, 'NOT_FOUND'],
    ['nothing', { model_name: ENDPOINT }, 'INVALID_ARGUMENT'],
    [
      'bytes beside contents',
      { ...REQUEST, raw_input_contents: [Buffer.alloc(1)] },
      'INVALID_ARGUMENT',
    ],
    [
      'parameters that are not known',
      { ...REQUEST, parameters: { sequence_id: { int64_param: 1 } } },
      'INVALID_ARGUMENT',
    ],
    [
      'text that is no UTF-8',
      {
        ...REQUEST,
        inputs: INPUTS.with(2, {
          name: 'carrier',
          datatype: 'BYTES',
          shape: [1],
          contents: { bytes_contents: [Buffer.of(0xff), Buffer.of(0xfe)] },
        }),
      },
      'INVALID_ARGUMENT',
    ],
  ] as const)('%s', async (_what, message, code) => {
    const { failure } = await call('ModelInfer', message)
    expect(failure?.code).toBe(status[code])
    expect(failure?.metadata.get('esteira-code')).toHaveLength(1)
  })

  test('callers without a token, but health is told to everybody', async () => {
    const refused = await call('ModelInfer', REQUEST, 'bad')
    expect(refused.failure?.code).toBe(status.UNAUTHENTICATED)
    expect((await call('ServerReady', {}, 'bad')).message).toEqual({ ready: true })
    expect((await call('Check', { service: SERVICE }, 'bad')).message).toEqual({
      status: 'SERVING',
    })
    expect((await call('Check', { service: 'x' })).failure?.code).toBe(status.NOT_FOUND)
  })

  test('messages that are too large, or none at all', async () => {
    const large = await callBytes('ModelInfer', Buffer.alloc(MAX_MESSAGE_BYTES + 1))
    expect(large.failure?.code).toBe(status.RESOURCE_EXHAUSTED)
    const broken = await callBytes('ModelInfer', Buffer.from([0x0a, 0xff, 0xff]))
    expect(broken.failure?.code).toBe(status.INVALID_ARGUMENT)
  })

  test('no bytes ever make the gateway fail', async () => {
    const valid = definitionOf('ModelInfer').requestSerialize(REQUEST)
    const damaged = fc
      .tuple(fc.nat(valid.length - 1), fc.uint8Array({ maxLength: 8 }), fc.nat(8))
      .map(([at, bytes, gone]) =>
        Buffer.concat([valid.subarray(0, at), bytes, valid.subarray(at + gone)]),
      )
    const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    await fc.assert(
      fc.asyncProperty(fc.oneof(any, damaged), async (bytes) => {
        for (const method of ['ModelInfer', 'ModelMetadata', 'RepositoryModelLoad']) {
          const { failure } = await callBytes(method, bytes)
          expect([status.INTERNAL, status.UNKNOWN]).not.toContain(failure?.code)
        }
      }),
      { numRuns: 300 },
    )
    expect(faults).toEqual([])
  })
})

test('closing answers what is under way', async () => {
  const other = await openGrpcGateway(service, {
    port: 0,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    authorize: async ({ about }) => ({ allowed: about }),
  })
  const before = client
  client = new Client(other.address, credentials.createInsecure())
  try {
    await call('ModelInfer', REQUEST)
    const pending = Array.from({ length: 20 }, () => call('ModelInfer', REQUEST))
    await pending[0]
    await other.close()
    const answers = await Promise.all(pending)
    for (const { failure } of answers) {
      expect([undefined, status.UNAVAILABLE]).toContain(failure?.code)
    }
  } finally {
    client.close()
    client = before
  }
})
