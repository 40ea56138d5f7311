import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-fuzz-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first', { featureView: true })
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock, acceptRequestTime: true })
  await gateway.listen()
})
afterAll(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function send(path: string, body: string) {
  const response = await fetch(`${gateway.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const valid = {
  id: 'a',
  parameters: { time: 0, ids: ['a', 'b'] },
  inputs: [
    { name: 'distance', datatype: 'FP64', shape: [2], data: [900, null] },
    { name: 'carrier', datatype: 'BYTES', shape: [2], data: ['B6', 'AA'] },
    { name: 'origin', datatype: 'BYTES', shape: [2], data: ['JFK', null] },
  ],
  outputs: [{ name: 'label' }],
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Every place in a document, as paths. */
function places(value: Json, path: readonly (string | number)[] = []): (string | number)[][] {
  const below =
    Array.isArray(value) || (typeof value === 'object' && value !== null)
      ? Object.entries(value).flatMap(([key, member]) => places(member, [...path, key]))
      : []
  return [[...path], ...below]
}

function replaced(value: Json, path: readonly (string | number)[], by: Json): Json {
  const [key, ...rest] = path
  if (key === undefined) return by
  if (Array.isArray(value)) {
    return value.map((item, i) => (String(i) === String(key) ? replaced(item, rest, by) : item))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === key ? replaced(member, rest, by) : member,
    ]),
  )
}

const anyJson = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>
const awkward = fc.constantFrom<Json>(
  '',
  '\u0000',
  '\ud800',
  'x'.repeat(5_000),
  1e308,
  -0,
  5e-324,
  2 ** 53,
  -1,
  [],
  [[]],
  {},
  null,
  true,
  '__proto__',
)
const mutated = fc
  .array(fc.tuple(fc.nat(), fc.oneof(awkward, anyJson)), { minLength: 1, maxLength: 3 })
  .map((changes) =>
    changes.reduce<Json>((body, [at, by]) => {
      const all = places(body)
      return replaced(body, all[at % all.length] ?? [], by)
    }, valid),
  )

async function expectNoFault(path: string, body: string): Promise<void> {
  const answer = await send(path, body)
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500)
  if (answer.status === 200) return
  expect(Object.keys(answer.body)).toEqual(['error', 'code', 'hint'])
}

test('the body that is mutated below is a valid one', async () => {
  expect((await send(`/v2/models/${ENDPOINT}/infer`, JSON.stringify(valid))).status).toBe(200)
})

test('no JSON body ever makes the gateway fail', async () => {
  await fc.assert(
    fc.asyncProperty(anyJson, (body) =>
      expectNoFault(`/v2/models/${ENDPOINT}/infer`, JSON.stringify(body)),
    ),
    { numRuns: 200 },
  )
})

test('no change to a valid body ever makes the gateway fail', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, (body) =>
      expectNoFault(`/v2/models/${ENDPOINT}/infer`, JSON.stringify(body)),
    ),
    { numRuns: 800 },
  )
})

test('no text as a body, name or version ever makes the gateway fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), async (body, name) => {
      await expectNoFault(`/v2/models/${ENDPOINT}/infer`, body)
      await expectNoFault(`/v2/models/${encodeURIComponent(name)}/infer`, '{}')
      const path = `/v2/models/${ENDPOINT}/versions/${encodeURIComponent(name)}/infer`
      await expectNoFault(path, '{}')
    }),
    { numRuns: 150 },
  )
})

test('no labels ever make the gateway fail', async () => {
  const label = fc.record({ id: anyJson, label: anyJson, time: anyJson }, { requiredKeys: [] })
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyJson, fc.record({ labels: fc.array(label) })), (body) =>
      expectNoFault('/v1/labels', JSON.stringify(body)),
    ),
    { numRuns: 200 },
  )
})

const rowsBody = {
  instances: [
    { distance: 900, carrier: 'B6', origin: 'JFK' },
    { distance: null, carrier: 'AA', origin: null },
  ],
}
const forms: Json[] = [
  rowsBody,
  { dataframe_records: rowsBody.instances, params: { ids: ['a', 'b'], output: 'label' } },
  {
    dataframe_split: { columns: ['distance', 'carrier', 'origin'], data: [[900, 'B6', 'JFK']] },
  },
  { inputs: { distance: [900, 1], carrier: ['B6', 'AA'], origin: ['JFK', null] } },
]

test.each([
  '/invocations',
  `/v1/models/${ENDPOINT}:predict`,
  `/v1/models/${ENDPOINT}:explain`,
  `/v2/repository/models/${ENDPOINT}/load`,
  '/v2/repository/index',
])('no body ever makes %s fail', async (path) => {
  const body = fc.oneof(
    anyJson,
    fc
      .tuple(fc.constantFrom(...forms), fc.nat(), fc.oneof(awkward, anyJson))
      .map(([form, at, by]) => {
        const all = places(form)
        return replaced(form, all[at % all.length] ?? [], by)
      }),
  )
  await fc.assert(
    fc.asyncProperty(body, async (json) => {
      const answer = await send(path, JSON.stringify(json))
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500)
    }),
    { numRuns: 200 },
  )
})

test('no bytes, table or event ever make the gateway fail', async () => {
  const header = fc.record(
    {
      'inference-header-content-length': fc.nat(400).map(String),
      'content-encoding': fc.constantFrom('gzip', 'deflate', 'br'),
      'ce-specversion': fc.constantFrom('1.0', '2'),
      'ce-id': fc.constantFrom('a', ''),
    },
    { requiredKeys: [] },
  )
  const types = ['application/octet-stream', 'text/csv', 'application/cloudevents+json']
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(...'",\r\n1aNé') }).map((text) => Buffer.from(text)),
    anyJson.map((json) => Buffer.from(JSON.stringify({ inputs: [json] }))),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...types), header, bytes, async (type, headers, body) => {
      for (const path of [`/v2/models/${ENDPOINT}/infer`, '/invocations']) {
        const response = await fetch(`${gateway.address}${path}`, {
          method: 'POST',
          headers: { 'content-type': type, ...headers },
          body: Buffer.from(body),
        })
        expect(response.status, await response.text()).toBeLessThan(500)
      }
    }),
    { numRuns: 300 },
  )
})

test('rows that each name columns of their own do not exhaust the memory', async () => {
  const instances = Array.from({ length: 100_000 }, (_, i) => ({ [`column-${i}`]: i }))
  const answer = await send('/invocations', JSON.stringify({ instances }))
  expect(answer.status).toBe(400)
  const wide = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`c${i}`, i]))
  const other = await send('/invocations', JSON.stringify({ instances: [wide] }))
  expect(other.status).toBe(400)
})
