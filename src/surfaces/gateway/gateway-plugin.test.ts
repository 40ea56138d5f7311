import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { openDatabase } from '../../platform/database/index.ts'
import { createServer, serverConfigSchema } from '../server/index.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'
import { gatewayPlugin } from './gateway-plugin.ts'
import { createGatewayService } from './gateway-service.ts'

const BY = { name: 'root', from: 'cli' }
let folder: string
let scene: GatewayScene
const closers: (() => Promise<void>)[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-gateway-plugin-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first')
  await scene.rollOut(1)
  closers.push(async () => {
    await scene.close()
    rmSync(folder, { recursive: true })
  })
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(settings: Readonly<Record<string, unknown>>) {
  const options = { ...scene, clock: systemClock }
  const service = createGatewayService({ endpoints: [options] })
  const database = await openDatabase({ url: join(folder, 'server.db') })
  closers.push(() => database.close())
  const server = createServer({
    config: serverConfigSchema.parse({ port: 0, ...settings }),
    database,
    plugins: [gatewayPlugin(service)],
  })
  closers.push(async () => {
    await server.close()
    await service.close()
  })
  await service.start()
  const { access } = server.context
  return { url: await server.listen(), access, project: scene.project.name }
}

describe('the gateway on the platform server', () => {
  test('answers as it does alone, without a login on this machine', async () => {
    const { url } = await start({})
    const model = await fetch(`${url}/v2/models/${ENDPOINT}`)
    expect(model.status).toBe(200)
    expect(await model.json()).toMatchObject({ name: ENDPOINT, versions: ['1'] })
    const wrong = await fetch(`${url}/v2/models/${ENDPOINT}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"inputs": 1}',
    })
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toMatchObject({ code: 'BODY_INVALID', error: expect.any(String) })
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    const large = await fetch(`${url}/v1/labels`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify('x'.repeat(5 * 1_048_576)),
    })
    expect(large.status).toBe(413)
  })

  test('lets a token of the endpoint predict and nothing else', async () => {
    const { url, access, project } = await start({ requireLogin: true })
    await access.createServiceAccount('shop', BY)
    await access.grantRole({ account: 'shop', project, role: 'approver' }, BY)
    const token = async (endpoint: string) => {
      const scope = { endpoints: [endpoint] }
      const { text } = await access.createToken({ account: 'shop', name: 'x', scope }, BY)
      return { authorization: `Bearer ${text}` }
    }
    const model = `${url}/v2/models/${ENDPOINT}`
    const mine = await token(ENDPOINT)
    expect((await fetch(model)).status).toBe(401)
    expect((await fetch(model, { headers: mine })).status).toBe(200)
    expect((await fetch(model, { headers: await token('another') })).status).toBe(403)
    const reload = `${url}/v1/endpoints/${ENDPOINT}/reload`
    expect((await fetch(reload, { method: 'POST', headers: mine })).status).toBe(403)
    const { text } = await access.createToken({ account: 'shop', name: 'full' }, BY)
    const full = { authorization: `Bearer ${text}` }
    expect((await fetch(reload, { method: 'POST', headers: full })).status).toBe(200)
    expect((await fetch(`${url}/v2/health/ready`)).status).toBe(200)
    expect((await fetch(`${url}/v2`)).status).toBe(401)
  })

  test('shows a rollout to who may predict, and lets only managers change it', async () => {
    const { url, access, project } = await start({ requireLogin: true })
    const caller = async (account: string, role: 'viewer' | 'approver') => {
      await access.createServiceAccount(account, BY)
      await access.grantRole({ account, project, role }, BY)
      const scope = role === 'viewer' ? { endpoints: [ENDPOINT] } : undefined
      const parts = { account, name: 'x', ...(scope === undefined ? {} : { scope }) }
      const { text } = await access.createToken(parts, BY)
      const headers = { authorization: `Bearer ${text}`, 'content-type': 'application/json' }
      return async (path: string, body?: unknown) => {
        const method = body === undefined ? 'GET' : 'POST'
        const sent = body === undefined ? {} : { body: JSON.stringify(body) }
        const address = `${url}/v1/endpoints/${ENDPOINT}/rollout${path}`
        const response = await fetch(address, { method, headers, ...sent })
        return { status: response.status, body: await response.json() }
      }
    }
    const manager = await caller('ops', 'approver')
    expect(await manager('')).toMatchObject({
      status: 200,
      body: { rollout: null, traffic: [{ version: 1, percent: 100 }] },
    })
    expect((await manager('/decisions')).status).toBe(200)
    const late = await manager('/abort', { reason: 'complaints' })
    expect(late).toMatchObject({ status: 409, body: { code: 'NO_ROLLOUT_UNDER_WAY' } })
    const start2 = await manager('/start', { reason: 'try', version: 1 })
    expect(start2).toMatchObject({ status: 409, body: { code: 'VERSION_NOT_PROMOTED' } })
    for (const body of [1, {}, { reason: '' }, { reason: 'x', version: '1' }, { reason: 7 }]) {
      expect((await manager('/start', body)).status).toBe(400)
    }
    const odd = { reason: 'x', version: 1, strategy: { kind: 'purple' } }
    expect((await manager('/start', odd)).body).toMatchObject({ code: 'STRATEGY_INVALID' })
    const reader = await caller('shop', 'viewer')
    expect((await reader('/promote', { reason: 'mine' })).status).toBe(403)
  })
})
