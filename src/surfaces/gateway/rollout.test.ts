import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentPolicy } from '../../core/records/index.ts'
import { systemClock } from '../../core/time/index.ts'
import { chooseRevision } from '../../stages/deployment/index.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'
import type { InferResponse } from './open-inference.ts'

let folder: string
let scene: GatewayScene
let gateway: Gateway | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-rollout-'))
})
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
  await scene.close()
  rmSync(folder, { recursive: true })
})

const canary: Partial<DeploymentPolicy> = {
  strategy: {
    kind: 'canary',
    steps: [20, 60],
    bake: '1h',
    maxErrorRateIncrease: 0.01,
    maxLatencyRatio: 2,
    minRequests: 100,
  },
}

async function serve(deployment: Partial<DeploymentPolicy> = {}): Promise<Gateway> {
  scene = await openGatewayScene(folder, deployment)
  await scene.addVersion('first')
  await scene.addVersion('second')
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock, pollEveryMs: 50 })
  await gateway.listen()
  return gateway
}

async function ask(address: string | undefined, id: string) {
  const response = await fetch(`${address}/v2/models/${ENDPOINT}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id,
      inputs: [
        { name: 'distance', datatype: 'FP64', shape: [1], data: [900] },
        { name: 'hour', datatype: 'INT64', shape: [1], data: [12] },
        { name: 'carrier', datatype: 'BYTES', shape: [1], data: ['B6'] },
        { name: 'origin', datatype: 'BYTES', shape: [1], data: ['JFK'] },
      ],
    }),
  })
  const body = (await response.json()) as InferResponse
  return { status: response.status, version: Number(body.model_version), body }
}

/** Asks from several places at once until told to stop. */
function load(address: string | undefined, places = 8) {
  const answers: { id: string; status: number; version: number }[] = []
  let stopped = false
  async function place(name: number): Promise<void> {
    for (let i = 0; !stopped; i++) {
      const id = `${name}-${i}`
      const { status, version } = await ask(address, id)
      answers.push({ id, status, version })
    }
  }
  const running = Promise.all(Array.from({ length: places }, (_, name) => place(name)))
  return {
    answers,
    async until(done: () => boolean): Promise<void> {
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    async stop(): Promise<void> {
      stopped = true
      await running
    },
  }
}

describe('changing the revision', () => {
  test('blue-green and back under load loses no request, and every answer is in the log', async () => {
    const served = await serve()
    const traffic = load(served.address)
    const answered = (version: number) =>
      traffic.answers.filter((answer) => answer.version === version).length
    await traffic.until(() => answered(1) > 100)
    await scene.rollOut(2)
    await traffic.until(() => answered(2) > 100)
    await scene.rollBack()
    const before = answered(1)
    await traffic.until(() => answered(1) > before + 100)
    await traffic.stop()
    expect(traffic.answers.filter(({ status }) => status !== 200)).toEqual([])
    const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })
    const byId = new Map(logged.map(({ id, version }) => [id, version]))
    expect(byId).toEqual(new Map(traffic.answers.map(({ id, version }) => [id, version])))
    await traffic.until(() => served.report().revisions.length === 1)
    expect(served.report()).toMatchObject({ ready: true, problems: [], serving: { stable: 1 } })
  })

  test('a canary gets its share, and an id always meets the same revision', async () => {
    const served = await serve(canary)
    const state = await scene.rollOut(2)
    await served.reload()
    const n = 1_000
    let hits = 0
    for (let i = 0; i < n; i += 50) {
      const ids = Array.from({ length: 50 }, (_, k) => `flight-${i + k}`)
      const answers = await Promise.all(ids.map((id) => ask(served.address, id)))
      for (const [k, answer] of answers.entries()) {
        expect(answer.version).toBe(chooseRevision(state, ids[k] ?? '').version)
        if (answer.version === 2) hits++
      }
    }
    // Four standard deviations of a binomial with 1,000 draws at 20 %.
    expect(Math.abs(hits - 200)).toBeLessThan(4 * Math.sqrt(1_000 * 0.2 * 0.8))
    const span = { fromMs: 0, toMs: 1e15, version: 2 }
    const entries = await scene.log.window({ endpoint: ENDPOINT, ...span })
    const roles = entries.map(({ role }) => role)
    expect(roles).toEqual(new Array(hits).fill('canary'))
    expect(served.statistics().versions['2']?.requests).toBe(hits)
  })

  test('a version that fails its warm-up gets no traffic, and the report says why', async () => {
    const served = await serve()
    const third = await scene.addVersion('third', { model: 'three-classes' })
    const path = scene.artifacts.pathOf(third.artifact.digest)
    const bytes = readFileSync(path)
    chmodSync(path, 0o644)
    writeFileSync(path, bytes.subarray(0, bytes.length / 2))
    await scene.rollOut(3)
    const report = await served.reload()
    expect(report.state?.stable).toBe(3)
    expect(report.serving?.stable).toBe(1)
    expect(report.problems[0]).toMatch(/^Version 3 failed its warm-up: .*digest/)
    expect((await ask(served.address, 'a')).version).toBe(1)
    writeFileSync(path, bytes)
    expect((await served.reload()).serving?.stable).toBe(3)
    expect((await ask(served.address, 'b')).version).toBe(3)
  })

  test('a canary that fails its warm-up leaves all traffic with the stable revision', async () => {
    const served = await serve(canary)
    const third = await scene.addVersion('third', { model: 'three-classes' })
    rmSync(scene.artifacts.pathOf(third.artifact.digest), { force: true })
    await scene.rollOut(3)
    const report = await served.reload()
    expect(report.serving).toMatchObject({ stable: 1, canary: null })
    expect(report.revisions.find(({ version }) => version === 3)?.status).toBe('failed')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(served.address, `x-${i}`)),
    )
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1]))
  })
})

describe('being killed', () => {
  const script = fileURLToPath(new URL('./fixtures/serve-scene.ts', import.meta.url))
  let child: ChildProcess | undefined

  afterEach(() => {
    child?.kill('SIGKILL')
  })

  test('kill -9 under load: every answered prediction is in the log', async () => {
    scene = await openGatewayScene(folder)
    await scene.addVersion('first')
    await scene.rollOut(1)
    child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
    const address = line.toString().trim()
    const answered: string[] = []
    const places = Array.from({ length: 8 }, async (_, place) => {
      for (let i = 0; ; i++) {
        const answer = await ask(address, `${place}-${i}`).catch(() => undefined)
        if (answer === undefined) return
        if (answer.status === 200) answered.push(`${place}-${i}`)
        if (answered.length === 400) child?.kill('SIGKILL')
      }
    })
    await Promise.all(places)
    expect(answered.length).toBeGreaterThanOrEqual(400)
    const logged = await scene.log.window({ endpoint: ENDPOINT, fromMs: 0, toMs: 1e15 })
    const ids = new Set(logged.map(({ id }) => id))
    expect(answered.filter((id) => !ids.has(id))).toEqual([])
  })
})
