import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentPolicy } from '../../core/records/index.ts'
import { systemClock } from '../../core/time/index.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-log-policy-'))
})
afterEach(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function serve(predictionLog: DeploymentPolicy['predictionLog']): Promise<void> {
  scene = await openGatewayScene(folder, { predictionLog })
  await scene.addVersion('first')
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock })
  await gateway.listen()
}

function ask(id: string): Promise<Response> {
  const of = (name: string, datatype: string, value: unknown) => ({
    ...{ name, datatype, shape: [1], data: [value] },
  })
  const inputs = [
    of('distance', 'FP64', 900),
    of('hour', 'INT64', 12),
    of('carrier', 'BYTES', 'B6'),
    of('origin', 'BYTES', 'JFK'),
  ]
  return post(`/v2/models/${ENDPOINT}/infer`, { id, inputs })
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(gateway.address + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

const everything = { endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 }

describe('deployment.predictionLog', () => {
  test('"none" answers and writes nothing, says so, and refuses labels', async () => {
    await serve({ keep: 'none', durability: 'process' })
    expect((await ask('a')).status).toBe(200)
    expect(await scene.log.window(everything)).toEqual([])
    expect(readdirSync(folder)).not.toContain('predictions')
    const report = await fetch(`${gateway.address}/v1/endpoints/${ENDPOINT}`)
    expect(await report.json()).toMatchObject({ predictionLog: 'none' })
    const labels = await post('/v1/labels', { labels: [{ id: 'a', label: '1' }] })
    expect(labels.status).toBe(409)
    expect(await labels.json()).toMatchObject({ code: 'LABELS_NOT_KEPT' })
  })

  test('"disk" answers once the prediction is on the disk', async () => {
    await serve({ keep: 'all', durability: 'disk' })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`p${i}`)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(await scene.log.window(everything)).toHaveLength(20)
  })

  test('a log that cannot be written refuses with a time to come back', async () => {
    await serve({ keep: 'all', durability: 'process' })
    await scene.log.close()
    for (const refused of [
      await ask('a'),
      await post('/v1/labels', { labels: [{ id: 'a', label: '1' }] }),
    ]) {
      expect(refused.status).toBe(503)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    }
  })
})
