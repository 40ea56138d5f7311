import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentPolicy } from '../../../core/records/index.ts'
import { systemClock } from '../../../core/time/index.ts'
import { createGateway, type Gateway } from '../create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from '../fixtures/gateway-scene.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-policies-'))
})
afterEach(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function serve(deployment: Partial<DeploymentPolicy>, featureView = false): Promise<void> {
  scene = await openGatewayScene(folder, deployment)
  await scene.addVersion('first', { featureView })
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock })
  await gateway.listen()
}

type Row = Readonly<Record<string, number | string | null>>

interface Told {
  readonly status: number
  readonly body: { readonly code?: string; readonly error?: string; readonly hint?: string }
}

async function ask(rows: readonly Row[]): Promise<Told> {
  const names = Object.keys(rows[0] ?? {})
  const inputs = names.map((name) => ({
    name,
    datatype: name === 'carrier' || name === 'origin' ? 'BYTES' : 'FP64',
    shape: [rows.length],
    data: rows.map((row) => row[name]),
  }))
  const response = await fetch(`${gateway.address}/v2/models/${ENDPOINT}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'r', inputs }),
  })
  return { status: response.status, body: (await response.json()) as Told['body'] }
}

/** What the log has of the rows, in order. */
async function logged() {
  const entries = await scene.log.window({ endpoint: ENDPOINT, fromMs: -1e15, toMs: 1e15 })
  return entries
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ inputs, flags }) => ({ inputs, flags }))
}

const USUAL = { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' }

describe('what training did not see', () => {
  test('is flagged', async () => {
    await serve({})
    const { status } = await ask([USUAL, { ...USUAL, hour: 40, carrier: 'ZZ' }])
    expect(status).toBe(200)
    expect(await logged()).toEqual([
      { inputs: USUAL, flags: [] },
      {
        inputs: { ...USUAL, hour: 40, carrier: 'ZZ' },
        flags: ['out-of-range:hour', 'unknown-category:carrier'],
      },
    ])
  })

  test('is pulled to the range’s end: the log has what the model saw', async () => {
    await serve({ outOfRange: 'clip' })
    const { status } = await ask([
      { ...USUAL, hour: 40 },
      { ...USUAL, hour: 22.5 },
      { ...USUAL, hour: 5 },
      { ...USUAL, hour: null },
      { ...USUAL, hour: -3 },
    ])
    expect(status).toBe(200)
    const seen = (await logged()).map(({ inputs, flags }) => [inputs.hour, ...flags])
    expect(seen).toEqual([
      [22, 'clipped:hour'],
      [22, 'clipped:hour'],
      [5],
      [null],
      [5, 'clipped:hour'],
    ])
  })

  test('is refused, with the texts that are known', async () => {
    await serve({ outOfRange: 'reject', unknownCategory: 'reject' })
    expect(await ask([USUAL, { ...USUAL, carrier: 'DLL' }])).toMatchObject({
      status: 422,
      body: {
        code: 'INPUT_CATEGORY_UNKNOWN',
        error:
          'The input "carrier" is "DLL" in row 1, which training did not see often enough to know.',
        hint: expect.stringMatching(/mean "DL".*AA, B6, DL/),
      },
    })
    expect(await ask([{ ...USUAL, hour: 40 }])).toMatchObject({
      status: 422,
      body: { code: 'INPUT_OUT_OF_RANGE' },
    })
    expect(await ask([{ ...USUAL, carrier: null }])).toMatchObject({ status: 200 })
    expect(await logged()).toHaveLength(1)
  })
})

describe('features', () => {
  const { hour: _hour, ...withoutHour } = USUAL
  const put = (origin: string, hour: number, ageMs = 2 * 3_600_000) =>
    scene.online.put('airport', [
      { keys: [origin], values: { hour }, eventTimeMs: Date.now() - ageMs },
    ])

  test('that are missing or stale become the view’s defaults', async () => {
    await serve({ missingFeatures: 'default' }, true)
    await put('JFK', 17)
    await put('EWR', 9, 30 * 3_600_000)
    const rows = ['JFK', 'EWR', null].map((origin) => ({ ...withoutHour, origin }))
    expect((await ask(rows)).status).toBe(200)
    expect((await logged()).map(({ inputs, flags }) => [inputs.airport__hour, ...flags])).toEqual([
      [17],
      [12],
      [12],
    ])
    const metrics = await (await fetch(`${gateway.address}/metrics`)).text()
    const results = metrics.matchAll(/feature_lookups_total\{.*,result="(\w+)"\} (\d+)/g)
    expect(Object.fromEntries([...results].map(([, result, n]) => [result, n]))).toEqual({
      found: '1',
      stale: '1',
      missing: '1',
      late: '0',
      failed: '0',
    })
  })

  test('are clipped too, and never refused', async () => {
    await serve({ outOfRange: 'clip' }, true)
    await put('JFK', 99)
    expect((await ask([withoutHour])).status).toBe(200)
    expect(await logged()).toMatchObject([
      { inputs: { airport__hour: 22 }, flags: ['clipped:airport__hour'] },
    ])
  })

  test('far outside their range are flagged where requests would be refused', async () => {
    await serve({ outOfRange: 'reject' }, true)
    await put('JFK', 99)
    expect((await ask([withoutHour])).status).toBe(200)
    expect(await logged()).toMatchObject([
      { inputs: { airport__hour: 99 }, flags: ['out-of-range:airport__hour'] },
    ])
  })
})
