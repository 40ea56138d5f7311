import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../platform/database/index.ts'
import { createServer, type Server, serverConfigSchema } from '../server/index.ts'
import { openWrittenEndpoint, type WrittenEndpoint } from './fixtures/written-endpoint.ts'
import { gatewayPlugin } from './gateway-plugin.ts'
import { createGatewayService, type GatewayService } from './gateway-service.ts'
import type { GrpcGateway } from './grpc/grpc-gateway.ts'
import { loadServices } from './grpc/service-definitions.ts'
import { openGrpcGateway } from './open-grpc-gateway.ts'

const BY = { name: 'root', from: 'cli' }
const SERVICE = 'inference.GRPCInferenceService'
let folder: string
let scenes: WrittenEndpoint[]
let service: GatewayService
let database: Database
let server: Server
let grpc: GrpcGateway
let client: Client
let url: string
/** A token for `mine` alone, of an account that may do anything in both projects. */
let scoped: string
/** A whole token of an account that has a role in the project of `mine` alone. */
let partial: string
/** A token for an endpoint that is elsewhere. */
let elsewhere: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-permissions-'))
  scenes = []
  for (const [name, value] of [
    ['mine', 1],
    ['theirs', 2],
  ] as const) {
    const scene = await openWrittenEndpoint(folder, name)
    scenes.push(scene)
    await scene.rollOut((await scene.addModel({ value })).version)
  }
  service = createGatewayService({ endpoints: scenes.map(({ options }) => options) })
  database = await openDatabase({ url: join(folder, 'server.db') })
  server = createServer({
    config: serverConfigSchema.parse({ port: 0, requireLogin: true }),
    database,
    plugins: [gatewayPlugin(service)],
  })
  await service.start()
  url = await server.listen()
  grpc = await openGrpcGateway(service, {
    port: 0,
    maxMessageBytes: 1_000_000,
    authorize: (call) => server.authorize(call),
  })
  client = new Client(grpc.address, credentials.createInsecure())
  scoped = await token('shop', ['mine', 'theirs'], ['mine'])
  partial = await token('team', ['mine'])
  elsewhere = await token('guest', ['mine', 'theirs'], ['nowhere'])
})
afterAll(async () => {
  client.close()
  await Promise.all([server.close(), grpc.close()])
  await service.close()
  await database.close()
  for (const scene of scenes) await scene.close()
  rmSync(folder, { recursive: true })
})

async function token(account: string, projects: readonly string[], endpoints?: readonly string[]) {
  const { access } = server.context
  await access.createServiceAccount(account, BY)
  for (const project of projects) await access.grantRole({ account, project, role: 'approver' }, BY)
  const scope = endpoints === undefined ? {} : { scope: { endpoints } }
  return (await access.createToken({ account, name: 'x', ...scope }, BY)).text
}

async function ask(path: string, bearer: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

function call(method: string, message: object, bearer: string) {
  const definition = loadServices().get(SERVICE)?.[method]
  if (definition === undefined) throw new Error(method)
  const { requestSerialize, responseDeserialize } = definition
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${bearer}`)
  return new Promise<{ code: status; message: Readonly<Record<string, unknown>> }>((resolve) => {
    const end = (failure: ServiceError | null, answer?: object) =>
      resolve({ code: failure?.code ?? status.OK, message: { ...answer } })
    const path = `/${SERVICE}/${method}`
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, metadata, end)
  })
}

const ROWS = { instances: [[0.3]] }
const TENSOR = { inputs: [{ name: 'x', datatype: 'FP64', shape: [1], data: [0.3] }] }
const LABELS = { labels: [{ id: 'a', label: 1 }] }

/** Every door to an endpoint over HTTP. */
const DOORS: readonly (readonly [path: (name: string) => string, body?: unknown])[] = [
  [(name) => `/v2/models/${name}`],
  [(name) => `/v2/models/${name}/ready`],
  [(name) => `/v2/models/${name}/versions/1`],
  [(name) => `/v2/models/${name}/infer`, TENSOR],
  [(name) => `/v2/models/${name}/versions/1/infer`, TENSOR],
  [(name) => `/v1/models/${name}`],
  [(name) => `/v1/models/${name}:predict`, ROWS],
  [(name) => `/invocations?endpoint=${name}`, ROWS],
  [(name) => `/v1/labels?endpoint=${name}`, LABELS],
  [(name) => `/v1/endpoints/${name}`],
  [(name) => `/v1/endpoints/${name}/statistics`],
  [(name) => `/v1/endpoints/${name}/rollout`],
]

const CALLERS = [
  ['a token for it', () => scoped],
  ['a role in its project', () => partial],
] as const

test.each(CALLERS)(
  '%s opens every door of one endpoint, and none of another',
  async (_, bearer) => {
    for (const [path, body] of DOORS) {
      const both = [
        await ask(path('mine'), bearer(), body),
        await ask(path('theirs'), bearer(), body),
      ]
      expect({ path: path('*'), statuses: both.map(({ status: code }) => code) }).toEqual({
        path: path('*'),
        statuses: [200, 403],
      })
    }
    const explain = (name: string) => ask(`/v1/models/${name}:explain`, bearer(), ROWS)
    expect((await explain('mine')).status).toBe(422)
    expect((await explain('theirs')).status).toBe(403)
  },
)

test.each(CALLERS)(
  '%s opens every method of one endpoint, and none of another',
  async (_, bearer) => {
    const inputs = [{ name: 'x', datatype: 'FP64', shape: [1], contents: { fp64_contents: [0.3] } }]
    for (const [method, message] of [
      ['ModelInfer', (name: string) => ({ model_name: name, inputs })],
      ['ModelMetadata', (name: string) => ({ name })],
      ['ModelReady', (name: string) => ({ name })],
    ] as const) {
      const mine = await call(method, message('mine'), bearer())
      const theirs = await call(method, message('theirs'), bearer())
      expect([method, mine.code, theirs.code]).toEqual([
        method,
        status.OK,
        status.PERMISSION_DENIED,
      ])
    }
    const load = (name: string) => call('RepositoryModelLoad', { model_name: name }, bearer())
    expect((await load('theirs')).code).toBe(status.PERMISSION_DENIED)
  },
)

test.each(CALLERS)('%s makes lists of that endpoint alone', async (_, bearer) => {
  const lists = [
    await ask('/v1/models', bearer()),
    await ask('/v1/endpoints', bearer()),
    await ask('/v2/repository/index', bearer(), {}),
    await ask('/metrics', bearer()),
    await ask('/v2/models/other', bearer()),
    await ask('/invocations', bearer(), ROWS),
  ]
  expect(lists.map((list) => list.status)).toEqual([200, 200, 200, 200, 404, 400])
  for (const { text } of lists) {
    expect(text).toContain('mine')
    expect(text).not.toContain('theirs')
  }
  const { message } = await call('RepositoryIndex', {}, bearer())
  expect(message).toMatchObject({ models: [{ name: 'mine' }] })
})

test('whoever may none of them sees no list', async () => {
  for (const path of ['/v1/models', '/v1/endpoints', '/metrics', '/v2', '/v2/models/other']) {
    expect((await ask(path, elsewhere)).status).toBe(403)
  }
  expect((await call('RepositoryIndex', {}, elsewhere)).code).toBe(status.PERMISSION_DENIED)
})

test('changing what is served needs more than a token for predictions', async () => {
  const paths = (name: string) => [
    `/v1/endpoints/${name}/reload`,
    `/v2/repository/models/${name}/load`,
    `/v1/endpoints/${name}/rollout/abort`,
  ]
  for (const path of [...paths('mine'), ...paths('theirs')]) {
    expect((await ask(path, scoped, { reason: 'x' })).status).toBe(403)
  }
  const [reload = '', load = ''] = paths('mine')
  expect((await ask(reload, partial, {})).status).toBe(200)
  expect((await ask(load, partial, {})).status).toBe(200)
  for (const path of paths('theirs')) expect((await ask(path, partial, {})).status).toBe(403)
})
