import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { canarySchema, type EndpointState } from '../../src/core/records/index.ts'
import { type LookNews, openPlatform, type Platform } from '../../src/flows/index.ts'
import type { ProgressEvent } from '../../src/platform/orchestration/index.ts'
import { endpointStateName } from '../../src/stages/deployment/index.ts'
import { lookInProcess } from '../../src/surfaces/cli/serve/look-in-process.ts'
import { watchOrder } from '../../src/surfaces/cli/serve/watch-order.ts'
import { ENDPOINT, openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createTestDatabase, DIALECTS } from '../../src/testkit/index.ts'

const strategy = canarySchema.parse({
  kind: 'canary',
  steps: [50],
  bake: '1h',
  maxErrorRateIncrease: 0.01,
  minRequests: 10,
})

/** A canary of version 2 under way, and what a look at it in a process of its own brings. */
async function openCanary(databaseUrl: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'esteira-look-'))
  const scene = await openGatewayScene(folder, { strategy }, databaseUrl)
  for (const run of ['first', 'second']) await scene.addVersion(run)
  for (const version of [1, 2]) await scene.rollOut(version)
  writeFileSync(path.join(folder, 'esteira.config.json'), JSON.stringify(scene.project))
  const platform = await openPlatform({ projectFolder: folder, dataFolder: folder, databaseUrl })
  onTestFinished(async () => {
    await platform.close()
    await scene.close()
    rmSync(folder, { recursive: true })
  })
  const news: LookNews[] = []
  const events: ProgressEvent[] = []
  const take = lookInProcess({
    order: watchOrder(platform, { databaseUrl }),
    environment: process.env,
    onProgress: (event) => void events.push(event),
  })
  const look = (stepErrors = {}, signal = new AbortController().signal) =>
    take({
      facts: () => ({
        nowMs: Date.now(),
        wasClockSet: false,
        stepErrors,
        windowErrors: 0,
        resources: null,
      }),
      tell: async (told) => void news.push(told),
      signal,
    })
  return { platform, look, news, events }
}

async function answer(platform: Platform): Promise<void> {
  const rows = [1, 2].flatMap((version) =>
    Array.from({ length: 20 }, (_, i) => ({
      id: `${version}-${i}`,
      endpoint: ENDPOINT,
      version,
      role: version === 1 ? ('stable' as const) : ('canary' as const),
      timeMs: Date.now(),
      inputs: { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' },
      output: [0.4, 0.6],
      decision: true,
      latencyUs: 900,
      flags: [],
    })),
  )
  await platform.log.append(rows)
}

async function stateOf({ store }: Platform): Promise<EndpointState | undefined> {
  return (await store.readState<EndpointState>(endpointStateName(ENDPOINT))).value
}

describe.each(DIALECTS)('a look in a process of its own on %s', (dialect) => {
  async function open() {
    const database = await createTestDatabase(dialect)
    onTestFinished(() => database.dispose())
    return openCanary(database.url)
  }

  it('judges by the errors that were counted here, and says that the endpoint changed', async () => {
    const { platform, look, news } = await open()
    await answer(platform)
    await look()
    expect(await stateOf(platform)).toMatchObject({ state: 'canary' })
    expect(news).toEqual([])
    await look({ 2: 15 })
    expect(await stateOf(platform)).toMatchObject({ state: 'stable', stable: 1, canary: null })
    expect(news).toEqual(['endpoint-changed'])
  }, 60_000)

  it('tells what a retraining does, from its steps to its end', async () => {
    const { platform, look, events, news } = await open()
    const watch = { nextFromMs: Date.now(), lastRetrainingAtMs: null, pending: 'a decision' }
    await platform.store.writeState(`watch/${ENDPOINT}`, watch, 0)
    // Its source is missing.
    await look()
    expect(events).toMatchObject([{ kind: 'step-started', stage: 'problem' }])
    expect(news).toEqual(['endpoint-changed'])
    const [outcome] = await platform.store.list('retraining-outcome')
    expect(outcome?.record).toMatchObject({ result: 'failed' })
  }, 60_000)

  it('that is stopped is due still', async () => {
    const { platform, look } = await open()
    await answer(platform)
    const stop = new AbortController()
    const cut = look({ 2: 15 }, stop.signal)
    stop.abort()
    await expect(cut).rejects.toMatchObject({ name: 'AbortError' })
    expect(await stateOf(platform)).toMatchObject({ state: 'canary' })
  }, 60_000)
})
