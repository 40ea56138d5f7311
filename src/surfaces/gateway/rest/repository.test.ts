import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  abTestSchema,
  canarySchema,
  type DeploymentPolicy,
  shadowSchema,
} from '../../../core/records/index.ts'
import { estimateMemory } from '../../../platform/inference/index.ts'
import { createGateway, type Gateway } from '../create-gateway.ts'
import { askNumber } from '../fixtures/ask-number.ts'
import { openWrittenEndpoint, type WrittenEndpoint } from '../fixtures/written-endpoint.ts'

let folder: string
let scene: WrittenEndpoint
let gateway: Gateway

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-repository-'))
})
afterEach(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

/** Versions 1, 2, … answer 100, 200, …; they are rolled out one after the other. */
async function serve(
  deployment: Partial<DeploymentPolicy>,
  { versions, room }: { readonly versions: readonly number[]; readonly room?: number },
) {
  scene = await openWrittenEndpoint(folder, 'numbers', deployment)
  let modelBytes = 0
  for (let version = 1; version <= Math.max(...versions); version++) {
    modelBytes = await estimateMemory((await scene.addModel({ value: version * 100 })).path)
  }
  for (const version of versions) await scene.rollOut(version)
  gateway = createGateway({
    ...scene.options,
    memoryBudgetBytes: room === undefined ? undefined : Math.floor(modelBytes * (room + 0.5)),
  })
  await gateway.listen()
}

async function change(verb: 'load' | 'unload', version: number | string) {
  return changeWith(verb, { version })
}

async function changeWith(verb: 'load' | 'unload', parameters?: object) {
  const response = await fetch(`${gateway.address}/v2/repository/models/numbers/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ parameters }),
  })
  const { code, error } = (await response.json()) as { code?: string; error?: string }
  return { status: response.status, code, error }
}

async function index(): Promise<string[]> {
  const response = await fetch(`${gateway.address}/v2/repository/index`, { method: 'POST' })
  const models = (await response.json()) as { version: string; state: string }[]
  return models.map(({ version, state }) => `${version} ${state}`).sort()
}

const canary = canarySchema.parse({ kind: 'canary', steps: [20] })
const shadow = shadowSchema.parse({ kind: 'shadow' })
const abTest = abTestSchema.parse({
  kind: 'ab-test',
  key: 'parameters.key',
  metric: 'absoluteError',
})

describe('unloading', () => {
  test.each([
    ['a canary', canary],
    ['the treatment of an A/B run', abTest],
    ['a shadow', shadow],
  ])('%s is refused: it takes part', async (_, strategy) => {
    await serve({ strategy }, { versions: [1, 2] })
    expect(gateway.report()).toMatchObject({ serving: { stable: 1 }, problems: [] })
    expect(await index()).toEqual(['1 READY', '2 READY'])
    for (const version of [1, 2]) {
      const refused = await change('unload', version)
      expect(refused).toMatchObject({ status: 409, code: 'REPOSITORY_REFUSED' })
      expect(refused.error).toContain('takes part in its rollout')
    }
    expect(await index()).toEqual(['1 READY', '2 READY'])
  })

  test.each([
    ['an A/B run', abTest],
    ['a shadow', shadow],
  ])('the version before is refused while it is back in %s', async (_, strategy) => {
    await serve({}, { versions: [1, 2] })
    expect(gateway.report().serving).toMatchObject({ stable: 2, previous: 1 })
    await scene.rollOut(1, strategy)
    expect((await gateway.reload()).serving?.trial?.version).toBe(1)
    expect(await change('unload', 1)).toMatchObject({ status: 409, code: 'REPOSITORY_REFUSED' })
    expect(await askNumber(gateway.address, 'numbers', { version: 1 })).toMatchObject({
      value: 100,
    })
  })

  test('the version before goes and comes back, and the way back needs no load by hand', async () => {
    await serve({}, { versions: [1, 2] })
    expect((await change('unload', 1)).status).toBe(200)
    expect(await index()).toEqual(['2 READY'])
    expect(await askNumber(gateway.address, 'numbers', { version: 1 })).toMatchObject({
      status: 404,
    })
    expect((await change('load', 1)).status).toBe(200)
    expect(await index()).toEqual(['1 READY', '2 READY'])
    expect(await askNumber(gateway.address, 'numbers', { version: 1 })).toMatchObject({
      value: 100,
    })
    expect((await change('unload', 1)).status).toBe(200)
    await scene.rollBack()
    await gateway.reload()
    expect(await askNumber(gateway.address, 'numbers')).toMatchObject({ value: 100, version: 1 })
  })
})

test('what is none of its versions or wishes is refused', async () => {
  await serve({}, { versions: [1, 2] })
  expect((await changeWith('unload')).code).toBe('REPOSITORY_REFUSED')
  expect((await change('load', 9)).code).toBe('REPOSITORY_REFUSED')
  expect((await changeWith('load', { config: '{}' })).code).toBe('FIELD_UNKNOWN')
  expect((await change('load', 'x')).code).toBe('BODY_INVALID')
  expect((await change('load', '1')).status).toBe(200)
  expect((await changeWith('load')).status).toBe(200)
})

describe('within a memory budget', () => {
  test('the version before waits outside when there is no room, and is loaded when asked', async () => {
    await serve({}, { versions: [1, 2], room: 1 })
    expect(await index()).toEqual(['1 UNAVAILABLE', '2 READY'])
    expect((await change('load', 1)).status).toBe(200)
    expect(await index()).toEqual(['1 READY', '2 UNAVAILABLE'])
    expect(await askNumber(gateway.address, 'numbers')).toMatchObject({ value: 200, version: 2 })
    expect(await index()).toEqual(['1 UNAVAILABLE', '2 READY'])
  })

  test('a version is in memory and probed before it becomes the stable one again', async () => {
    await serve({}, { versions: [1, 2], room: 1 })
    await scene.rollBack()
    const report = await gateway.reload()
    expect(report).toMatchObject({ serving: { stable: 1 }, ready: true })
    expect(report.revisions).toContainEqual(
      expect.objectContaining({ version: 1, status: 'ready' }),
    )
  })
})
