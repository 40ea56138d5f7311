import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGatewayServer, type GatewayServer } from './create-gateway.ts'
import { askNumber } from './fixtures/ask-number.ts'
import { openWrittenEndpoint, type WrittenEndpoint } from './fixtures/written-endpoint.ts'

let folder: string
let gateway: GatewayServer | undefined
let scenes: WrittenEndpoint[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-several-'))
})
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
  for (const scene of scenes) await scene.close()
  scenes = []
  rmSync(folder, { recursive: true })
})

async function open(name: string, value: number): Promise<WrittenEndpoint> {
  const scene = await openWrittenEndpoint(folder, name)
  scenes.push(scene)
  const { version } = await scene.addModel({ value })
  await scene.rollOut(version)
  return scene
}

async function serve(values: Readonly<Record<string, number>>): Promise<string> {
  for (const [name, value] of Object.entries(values)) await open(name, value)
  gateway = createGatewayServer({ endpoints: scenes.map(({ options }) => options) })
  return gateway.listen()
}

async function send(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${gateway?.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as {
    readonly hint?: string
    readonly problems?: readonly string[]
  }
  return { status: response.status, body: answer }
}

async function get(path: string) {
  const response = await fetch(`${gateway?.address}${path}`)
  return { status: response.status, body: await response.json() }
}

const ROWS = { instances: [[0.3]] }

describe('a gateway of several endpoints', () => {
  test('answers each by its name, over every protocol', async () => {
    const address = await serve({ red: 1, blue: 2 })
    for (const [name, value] of Object.entries({ red: 1, blue: 2 })) {
      expect(await askNumber(address, name)).toMatchObject({ status: 200, value })
      expect(await askNumber(address, name, { version: 1 })).toMatchObject({ value })
      expect((await get(`/v2/models/${name}`)).body).toMatchObject({ name, versions: ['1'] })
      const predictions = { status: 200, body: { predictions: [value] } }
      expect(await send(`/v1/models/${name}:predict`, ROWS)).toEqual(predictions)
      expect(await send(`/invocations?endpoint=${name}`, ROWS)).toEqual(predictions)
      const header = { 'x-esteira-endpoint': name }
      expect(await send('/invocations', ROWS, header)).toEqual(predictions)
      expect((await get(`/v1/endpoints/${name}/statistics`)).body).toMatchObject({
        endpoint: name,
        versions: { '1': { requests: 5, predictions: 5, errors: 0 } },
      })
    }
    for (const { name, options } of scenes) {
      expect(await options.log.window({ endpoint: name, fromMs: 0, toMs: 1e15 })).toHaveLength(5)
    }
  })

  test('lists all of them', async () => {
    await serve({ red: 1, blue: 2 })
    expect((await get('/v1/models')).body).toEqual({ models: ['red', 'blue'] })
    expect((await get('/v1/endpoints')).body).toMatchObject({
      endpoints: [{ endpoint: 'red' }, { endpoint: 'blue' }],
    })
    expect((await send('/v2/repository/index', {})).body).toMatchObject([
      { name: 'red', state: 'READY' },
      { name: 'blue', state: 'READY' },
    ])
    const metrics = await (await fetch(`${gateway?.address}/metrics`)).text()
    for (const name of ['red', 'blue']) {
      expect(metrics).toContain(`esteira_gateway_loaded_revisions{model="${name}"} 1\n`)
    }
  })

  test('asks protocols without names which endpoint they mean', async () => {
    await serve({ red: 1, blue: 2 })
    for (const [path, body] of [
      ['/invocations', ROWS],
      ['/v1/labels', { labels: [{ id: 'a', label: 1 }] }],
    ] as const) {
      const refused = await send(path, body)
      expect(refused).toMatchObject({ status: 400, body: { code: 'ENDPOINT_NOT_NAMED' } })
      expect(refused.body.hint).toContain('Known: red, blue.')
      expect(await send(`${path}?endpoint=rod`, body)).toMatchObject({
        status: 404,
        body: { code: 'MODEL_UNKNOWN', hint: 'Did you mean "red"? Known: red, blue.' },
      })
    }
  })

  test('keeps labels with the predictions of their endpoint', async () => {
    const address = await serve({ red: 1, blue: 2 })
    await askNumber(address, 'red', { id: 'same' })
    await askNumber(address, 'blue', { id: 'same' })
    const labels = [{ id: 'same', label: 7 }]
    expect((await send('/v1/labels?endpoint=blue', { labels })).body).toEqual({ accepted: 1 })
    const labelOf = async (at: number) => {
      const { name, options } = scenes[at] ?? (await open('none', 0))
      const [entry] = await options.log.window({ endpoint: name, fromMs: 0, toMs: 1e15 })
      return entry?.label
    }
    expect([await labelOf(0), await labelOf(1)]).toEqual([null, '7'])
  })

  test('a version that fails at one endpoint touches no other', async () => {
    const address = await serve({ red: 1, blue: 2 })
    const { version, path } = (await scenes[0]?.addModel({ value: 3 })) ?? { version: 0, path: '' }
    chmodSync(path, 0o644)
    writeFileSync(path, 'no model')
    await scenes[0]?.rollOut(version)
    const reloaded = await send('/v1/endpoints/red/reload', {})
    expect(reloaded.body).toMatchObject({ state: { stable: 2 }, serving: { stable: 1 } })
    expect(reloaded.body.problems?.[0]).toMatch(/^Version 2 failed its warm-up/)
    expect(await askNumber(address, 'red')).toMatchObject({ value: 1, version: 1 })
    expect(await askNumber(address, 'blue')).toMatchObject({ value: 2 })
    expect((await get('/v1/endpoints/blue')).body).toMatchObject({ ready: true, problems: [] })
  })

  test('is ready as soon as one answers, and tells of each', async () => {
    await open('red', 1)
    scenes.push(await openWrittenEndpoint(folder, 'empty'))
    gateway = createGatewayServer({ endpoints: scenes.map(({ options }) => options) })
    await gateway.listen()
    expect((await get('/v2/health/ready')).status).toBe(200)
    expect((await get('/v2/models/red/ready')).status).toBe(200)
    expect((await get('/v2/models/empty/ready')).status).toBe(503)
  })

  test('refuses two endpoints of one name, and none at all', async () => {
    const red = await open('red', 1)
    const { options } = await open('other', 2)
    const deployment = { ...options.project.deployment, endpoint: 'red' }
    const twin = { ...options, project: { ...options.project, deployment } }
    expect(() => createGatewayServer({ endpoints: [red.options, twin] })).toThrow(
      'Two projects have an endpoint "red": "red" and "other".',
    )
    expect(() => createGatewayServer({ endpoints: [] })).toThrow('at least one endpoint')
  })
})
