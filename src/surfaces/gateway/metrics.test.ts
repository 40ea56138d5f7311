import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'
import { type ExposedFamily, readExposition } from './fixtures/read-exposition.ts'
import { createGateway, type Gateway } from './index.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway
let url: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-metrics-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first', { featureView: true })
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock })
  url = await gateway.listen()
})
afterAll(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function ask(row: object) {
  const answer = await fetch(`${url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_records: [row] }),
  })
  return answer.status
}

async function families(): Promise<ReadonlyMap<string, ExposedFamily>> {
  const answer = await fetch(`${url}/metrics`)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return new Map(readExposition(await answer.text()).map((family) => [family.name, family]))
}

const ROW = { distance: 500, carrier: 'AA', origin: 'JFK' }

test('the metrics are sound in form, and count what was answered', async () => {
  expect(await ask(ROW)).toBe(200)
  expect(await ask(ROW)).toBe(200)
  expect(await ask({ ...ROW, none: 1 })).toBe(400)
  const found = await families()
  const samples = (name: string) => found.get(name)?.samples ?? []
  const model = { model: ENDPOINT }
  expect(samples('esteira_gateway_requests_total')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ labels: { ...model, version: '1', code: '200' }, value: 2 }),
    ]),
  )
  const duration = (end: string) =>
    samples('esteira_gateway_request_duration_seconds').find(({ name }) => name.endsWith(end))
  expect(duration('_count')).toMatchObject({ labels: { ...model, version: '1' }, value: 2 })
  expect(duration('_sum')?.value).toBeGreaterThan(0)
})

test('metrics have units at their ends, and none of an endpoint lacks its name', async () => {
  for (const { name, samples } of (await families()).values()) {
    expect(name).toMatch(/^(?:esteira_gateway|process|nodejs)_/)
    expect(name).not.toMatch(/_(?:ms|milliseconds|kb|mb|minutes)(?:_|$)/)
    const named = samples.every(({ labels }) => labels.model !== undefined)
    const ofAll = /^(?:process_|nodejs_|esteira_gateway_in_flight$)/.test(name)
    expect([name, named || ofAll]).toEqual([name, true])
  }
})

test('the names that dashboards for Node look for are there, with figures that can be', async () => {
  await families()
  // The loop's figures are those since the last look; it has to turn in between.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const found = await families()
  const value = (name: string) =>
    Math.max(...(found.get(name)?.samples ?? []).map((sample) => sample.value))
  const names = [
    'process_cpu_user_seconds_total',
    'process_cpu_system_seconds_total',
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'process_open_fds',
    'process_max_fds',
    'nodejs_eventloop_lag_seconds',
    'nodejs_eventloop_lag_mean_seconds',
    'nodejs_eventloop_lag_p50_seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_total_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_external_memory_bytes',
    'nodejs_heap_space_size_used_bytes',
    'nodejs_active_resources_total',
    'nodejs_version_info',
  ]
  expect(names.filter((name) => !(value(name) > 0))).toEqual([])
  expect(value('nodejs_heap_size_used_bytes')).toBeLessThan(value('process_resident_memory_bytes'))
  expect(value('process_start_time_seconds') * 1_000).toBeLessThanOrEqual(Date.now() + 1_000)
  expect(found.get('nodejs_version_info')?.samples[0]?.labels.version).toBe(process.version)
})

interface Dashboard {
  readonly templating: unknown
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

test('every metric of the shipped dashboard is told by a gateway', async () => {
  expect(await ask(ROW)).toBe(200)
  const file = new URL('../../../docs/dashboards/gateway.json', import.meta.url)
  const { panels, templating } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard
  const told = [...(await families()).values()].flatMap(({ name, samples }) =>
    samples.length === 0 ? [] : [name, ...samples.map((sample) => sample.name)],
  )
  const named = (text: string) => text.match(/\b(?:esteira|process|nodejs)_\w+/g) ?? []
  const missing = panels.flatMap(({ title, targets }) =>
    targets.flatMap(({ expr }) => {
      const names = named(expr)
      if (names.length === 0) return [`${title}: no metric`]
      return names.filter((name) => !told.includes(name)).map((name) => `${title}: ${name}`)
    }),
  )
  expect(missing).toEqual([])
  expect(named(JSON.stringify(templating)).filter((name) => !told.includes(name))).toEqual([])
})
