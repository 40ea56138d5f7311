import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/core/time/index.ts'
import { openDatabase } from '../../src/platform/database/index.ts'
import {
  type FixtureModel,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import {
  createGatewayService,
  type GatewayOptions,
  gatewayPlugin,
  openGrpcGateway,
} from '../../src/surfaces/gateway/index.ts'
import { createServer, serverConfigSchema } from '../../src/surfaces/server/index.ts'

const MEBIBYTE = 1_048_576

export interface ServingScene {
  /** Such as `http://127.0.0.1:41873`. */
  readonly url: string
  /** Such as `127.0.0.1:41874`. */
  readonly grpcAddress: string
  /** A token that may predict and manage. */
  readonly token: string
  /** Makes an account with a role and gives its token. */
  addToken(
    account: string,
    role: 'viewer' | 'approver',
    scope?: { readonly endpoints: readonly string[] },
  ): Promise<string>
  readonly scene: Awaited<ReturnType<typeof openGatewayScene>>
  dispose(): Promise<void>
}

/** The whole server with an endpoint behind logins, over HTTP and gRPC. */
export async function openServingScene(
  options: { readonly model?: FixtureModel; readonly gateway?: Partial<GatewayOptions> } = {},
): Promise<ServingScene> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-serving-'))
  const scene = await openGatewayScene(folder)
  await scene.addVersion('first', { model: options.model ?? 'binary' })
  await scene.rollOut(1)
  const settings = { ...scene, clock: systemClock, ...options.gateway }
  const service = createGatewayService({ ...settings, endpoints: [settings] })
  const database = await openDatabase({ url: join(folder, 'server.db') })
  const server = createServer({
    config: serverConfigSchema.parse({ port: 0, requireLogin: true }),
    database,
    plugins: [gatewayPlugin(service)],
  })
  await service.start()
  const url = await server.listen()
  const grpc = await openGrpcGateway(service, {
    port: 0,
    maxMessageBytes: 4 * MEBIBYTE,
    authorize: (call) => server.authorize(call),
  })
  const { access } = server.context
  const by = { name: 'root', from: 'cli' }
  const addToken: ServingScene['addToken'] = async (account, role, scope) => {
    await access.createServiceAccount(account, by)
    await access.grantRole({ account, project: scene.project.name, role }, by)
    const wish = { account, name: 'a test', ...(scope === undefined ? {} : { scope }) }
    return (await access.createToken(wish, by)).text
  }
  return {
    url,
    grpcAddress: grpc.address,
    token: await addToken('shop', 'approver'),
    addToken,
    scene,
    async dispose() {
      await Promise.all([server.close(), grpc.close()])
      await service.close()
      await database.close()
      await scene.close()
      rmSync(folder, { recursive: true })
    },
  }
}
