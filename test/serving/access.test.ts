import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openServingScene, type ServingScene } from './serving-scene.ts'

let scene: ServingScene
let client: Client

beforeAll(async () => {
  scene = await openServingScene()
  client = new Client(scene.grpcAddress, credentials.createInsecure())
})
afterAll(async () => {
  client.close()
  await scene.dispose()
})

/** An empty message to a method. @returns the code with which the call ends */
function ask(method: string, authorization?: string): Promise<number> {
  const metadata = new Metadata()
  if (authorization !== undefined) metadata.set('authorization', authorization)
  const bytes = (value: Buffer) => value
  return new Promise((resolve) => {
    const end = (failure: ServiceError | null) => resolve(failure?.code ?? status.OK)
    const path = `/inference.GRPCInferenceService/${method}`
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), metadata, end)
  })
}

test('accounts and their roles hold over gRPC as over HTTP', async () => {
  const viewer = await scene.addToken('viewer', 'viewer')
  const elsewhere = await scene.addToken('elsewhere', 'approver', { endpoints: ['another'] })
  const bearer = (token: string) => `Bearer ${token}`
  const post = async (token: string) => {
    const response = await fetch(`${scene.url}/v2/repository/models/delays/load`, {
      method: 'POST',
      headers: { authorization: bearer(token), 'content-type': 'application/json' },
      body: '{}',
    })
    return response.status
  }
  expect(await ask('ServerMetadata')).toBe(status.UNAUTHENTICATED)
  expect(await ask('ServerMetadata', 'Bearer wrong')).toBe(status.UNAUTHENTICATED)
  expect(await ask('ServerMetadata', 'nonsense')).toBe(status.UNAUTHENTICATED)
  expect(await ask('ServerMetadata', bearer(scene.token))).toBe(status.OK)
  expect(await ask('ServerMetadata', bearer(elsewhere))).toBe(status.PERMISSION_DENIED)
  expect(await ask('RepositoryModelLoad', bearer(viewer))).toBe(status.PERMISSION_DENIED)
  expect(await post(viewer)).toBe(403)
  // Allowed, but the empty message names no model.
  expect(await ask('RepositoryModelLoad', bearer(scene.token))).toBe(status.NOT_FOUND)
  expect(await post(scene.token)).toBe(200)
  expect(await ask('ServerLive')).toBe(status.OK)
})
