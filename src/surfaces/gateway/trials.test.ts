import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type AbTestStrategy,
  abTestSchema,
  type DeploymentPolicy,
  type ShadowStrategy,
  shadowSchema,
} from '../../core/records/index.ts'
import { systemClock } from '../../core/time/index.ts'
import { chooseRevision } from '../../stages/deployment/index.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'
import type { InferResponse } from './open-inference.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-trials-'))
})
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function serve(strategy: DeploymentPolicy['strategy']): Promise<Gateway> {
  scene = await openGatewayScene(folder, { strategy })
  await scene.addVersion('first')
  await scene.addVersion('second')
  await scene.rollOut(1)
  const served = createGateway({ ...scene, clock: systemClock, pollEveryMs: 50 })
  gateway = served
  await served.listen()
  return served
}

const ab = (more: Partial<AbTestStrategy>): AbTestStrategy =>
  abTestSchema.parse({ kind: 'ab-test', key: 'parameters.key', metric: 'conversion', ...more })
const shadow = (more: Partial<ShadowStrategy> = {}): ShadowStrategy =>
  shadowSchema.parse({ kind: 'shadow', ...more })

interface Question {
  readonly id: string
  readonly carriers?: readonly string[]
  readonly key?: unknown
  readonly distance?: unknown
}

async function ask({ id, carriers = ['B6'], key, distance = 900 }: Question) {
  const of = (name: string, datatype: string, value: unknown) => ({
    name,
    datatype,
    shape: [carriers.length],
    data: carriers.map(() => value),
  })
  const response = await fetch(`${gateway?.address}/v2/models/${ENDPOINT}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      ...(key === undefined ? {} : { parameters: { key } }),
      inputs: [
        of('distance', 'FP64', distance),
        of('hour', 'INT64', 12),
        { name: 'carrier', datatype: 'BYTES', shape: [carriers.length], data: carriers },
        of('origin', 'BYTES', 'JFK'),
      ],
    }),
  })
  const body = (await response.json()) as InferResponse & { readonly code?: string }
  return { status: response.status, version: Number(body.model_version), body }
}

const logged = () => scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })

describe('an A/B run', () => {
  test('keeps each key in its arm, and writes one exposure a key with the first prediction', async () => {
    const served = await serve(ab({}))
    const state = await scene.rollOut(2)
    await served.reload()
    const keys = Array.from({ length: 60 }, (_, i) => `customer-${i}`)
    for (const round of ['first', 'second']) {
      await Promise.all(
        keys.map(async (key) => {
          const { version, body } = await ask({ id: `${key}/${round}`, key })
          const chosen = chooseRevision(state, 'whatever', key)
          expect(version).toBe(chosen.version)
          expect(body.parameters.role).toBe(chosen.role)
        }),
      )
    }
    const test = state.trial?.kind === 'ab-test' ? state.trial.id : ''
    const exposed = await scene.log.exposed({ test, toMs: 1e15 })
    expect(exposed.map(({ exposure }) => exposure.key).toSorted()).toEqual(keys.toSorted())
    for (const { exposure, prediction } of exposed) {
      expect(prediction.id).toBe(`${exposure.key}/first`)
      expect(prediction).toMatchObject({ role: exposure.arm, version: exposure.version })
    }
    expect(new Set(exposed.map(({ exposure }) => exposure.arm)).size).toBe(2)
  })

  test('goes by a column, and leaves out requests without a key or with several', async () => {
    const served = await serve(ab({ key: { column: 'carrier' } }))
    const state = await scene.rollOut(2)
    await served.reload()
    const carriers = ['AA', 'B6', 'DL', 'UA', 'WN', 'AS', 'F9', 'HA']
    for (const carrier of carriers) {
      const { version } = await ask({ id: carrier, carriers: [carrier, carrier] })
      expect(version).toBe(chooseRevision(state, '', carrier).version)
    }
    const mixed = await ask({ id: 'mixed', carriers })
    expect(mixed).toMatchObject({ version: 1, body: { parameters: { role: 'stable' } } })
    const test = state.trial?.kind === 'ab-test' ? state.trial.id : ''
    const exposed = await scene.log.exposed({ test, toMs: 1e15 })
    const keys = exposed.map(({ exposure }) => exposure.key)
    expect(keys.toSorted()).toEqual(carriers.toSorted())
  })

  test('refuses keys that are none, and answers without one from the stable revision', async () => {
    const served = await serve(ab({}))
    await scene.rollOut(2)
    await served.reload()
    for (const key of ['', 7, null, {}, 'x'.repeat(257)]) {
      expect(await ask({ id: 'a', key })).toMatchObject({
        status: 400,
        body: { code: 'BODY_INVALID' },
      })
    }
    for (let i = 0; i < 20; i++) expect((await ask({ id: `none-${i}` })).version).toBe(1)
    expect((await logged()).every(({ role }) => role === 'stable')).toBe(true)
  })
})

/** Waits for what happens after an answer. */
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a shadow', () => {
  const mirrored = (version = 2) =>
    scene.log.mirrored({ endpoint: ENDPOINT, version, fromMs: 0, toMs: 1e15 })

  test('sees every request after its answer, and nobody sees its answers', async () => {
    const served = await serve(shadow())
    await scene.rollOut(2)
    await served.reload()
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ask({ id: `r${i}`, carriers: ['AA', 'DL'] })),
    )
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1]))
    await until(async () => (await mirrored()).length === 80)
    for (const row of await mirrored()) {
      // Both versions are the same model.
      expect(row).toMatchObject({ outcome: 'compared', difference: 0, changed: false })
    }
    expect(await logged()).toHaveLength(80)
    expect(served.statistics().mirrored).toEqual({ compared: 80, failed: 0, dropped: 0 })
    const metrics = await (await fetch(`${served.address}/metrics`)).text()
    expect(metrics).toContain('esteira_gateway_mirrored_total{model="delays",result="compared"} 80')
  })

  test('of another shape fails on its own account only', async () => {
    const served = await serve(shadow())
    await scene.addVersion('third', { model: 'three-classes' })
    await scene.rollOut(3)
    await served.reload()
    expect((await ask({ id: 'a' })).status).toBe(200)
    await until(async () => (await mirrored(3)).length === 1)
    expect((await mirrored(3))[0]).toMatchObject({ outcome: 'failed', id: 'a' })
    expect((await mirrored(3))[0]?.error).toMatch(/numbers a row|needs|input/)
    expect(served.statistics().versions['1']?.errors).toBe(0)
  })

  test('drops what does not fit, counts it, and delays no answer', async () => {
    const served = await serve(shadow({ maxQueued: 1 }))
    await scene.rollOut(2)
    await served.reload()
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask({ id: `r${i}` })))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const total = () => {
      const { compared, dropped } = served.statistics().mirrored
      return compared + dropped
    }
    await until(() => total() === 200)
    expect(served.statistics().mirrored.dropped).toBeGreaterThan(0)
    await gateway?.close()
    gateway = undefined
    expect((await mirrored()).reduce((sum, { count }) => sum + count, 0)).toBe(200)
  })

  test('mirrors its share only, and nothing that asked for a version', async () => {
    const served = await serve(shadow({ share: 0.3 }))
    await scene.rollOut(2)
    await served.reload()
    await Promise.all(Array.from({ length: 200 }, (_, i) => ask({ id: `r${i}` })))
    await gateway?.close()
    gateway = undefined
    const rows = (await mirrored()).reduce((sum, { count }) => sum + count, 0)
    expect(Math.abs(rows - 60)).toBeLessThan(4 * Math.sqrt(200 * 0.3 * 0.7))
  })
})
