import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  mlflow,
  newExperiment,
  newRun,
  runData,
  send,
  until,
} from './fixtures/requests.ts'
import { openScene, type Scene } from './fixtures/scene.ts'
import type { ServerProcess } from './fixtures/server-process.ts'
import { openTcpProxy, type TcpProxy } from './fixtures/tcp-proxy.ts'

/** What the URL sets here, so that nobody waits for the usual minute. */
const QUERY_TIMEOUT_MS = 1_500

function metricsOf(...keys: string[]) {
  return keys.map((key) => ({ key, value: 1, timestamp: 1, step: 0 }))
}

/** A write and a read of MLflow's API, the same of the own API, and whether the server is ready. */
function askEverything(url: string, runId: string): Promise<Answer[]> {
  return Promise.all([
    mlflow(url)('runs/log-batch', { run_id: runId, metrics: metricsOf('meanwhile') }),
    mlflow(url)(`runs/get?run_id=${runId}`),
    send(`${url}/api/v1/runs/${runId}/log`, { body: { metrics: [{ key: 'own', value: 1 }] } }),
    send(`${url}/api/v1/runs/${runId}`),
    send(`${url}/health/ready`),
  ])
}

const UNAVAILABLE = { status: 503, body: { error_code: 'TEMPORARILY_UNAVAILABLE' } }
const RETRYABLE = { status: 503, body: { error: { retryable: true } } }
const NOT_READY = { status: 503, body: { ready: false } }
const ALL_AWAY = [UNAVAILABLE, UNAVAILABLE, RETRYABLE, RETRYABLE, NOT_READY]

describe('a server whose PostgreSQL is away', () => {
  let scene: Scene
  let proxy: TcpProxy
  let server: ServerProcess
  let runId = ''

  beforeAll(async () => {
    scene = await openScene('postgres')
    const url = new URL(scene.database.url)
    proxy = await openTcpProxy({ host: url.hostname, port: Number(url.port || 5432) })
    url.host = `127.0.0.1:${proxy.port}`
    url.searchParams.set('query_timeout', String(QUERY_TIMEOUT_MS))
    server = await scene.start({ databaseUrl: url.href })
    runId = await newRun(server.url, await newExperiment(server.url, 'away'))
  })
  afterAll(async () => {
    await scene.dispose()
    await proxy.close()
  })

  /** Everything works again, and what was refused is not there. */
  async function expectBack(key: string) {
    await until(
      () => send(`${server.url}/health/ready`),
      ({ status }) => status === 200,
    )
    // Lines that broke without a word are noticed one by one, each by the first who uses it.
    const body = { run_id: runId, metrics: metricsOf(key) }
    await until(
      () => mlflow(server.url)('runs/log-batch', body),
      ({ status }) => status === 200,
    )
    const { metrics } = await runData(server.url, runId)
    expect(metrics).toContainEqual(expect.objectContaining({ key }))
    expect(server.isRunning()).toBe(true)
  }

  it('says so on every door, and goes on when it is back', async () => {
    proxy.become('cut')
    for (let round = 0; round < 3; round++) {
      const answers = await askEverything(server.url, runId)
      expect(answers).toMatchObject(ALL_AWAY)
      // Where the database is, is nobody's business.
      const bodies = JSON.stringify(answers.map(({ body }) => body))
      expect(bodies).not.toMatch(/postgresql|127\.0\.0\.1/)
    }
    expect((await send(`${server.url}/health/live`)).status).toBe(200)
    proxy.become('open')
    await expectBack('after the cut')
  })

  it('waits a bounded time on a line that broke without a word', async () => {
    proxy.become('silent')
    expect(await askEverything(server.url, runId)).toMatchObject(ALL_AWAY)
    expect((await send(`${server.url}/health/live`)).status).toBe(200)
    proxy.become('open')
    await expectBack('after the silence')
  })

  it('answers late, but right, on a slow line', async () => {
    proxy.become('slow')
    const body = { run_id: runId, metrics: metricsOf('slowly') }
    const answer = await until(
      () => mlflow(server.url)('runs/log-batch', body),
      ({ status }) => status === 200,
    )
    expect(answer.body).toEqual({})
    proxy.become('open')
    await expectBack('after the slow line')
  })

  it('holds through connections that end in the middle of writes', async () => {
    const acknowledged: string[] = []
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let turn = 0; turn < 30; turn++) {
        const key = `w${writer}-${turn}`
        const body = { run_id: runId, metrics: metricsOf(key) }
        const { status } = await mlflow(server.url)('runs/log-batch', body)
        expect([200, 503]).toContain(status)
        if (status === 200) acknowledged.push(key)
      }
    })
    const flicker = (async () => {
      for (let times = 0; times < 6; times++) {
        await new Promise((resolve) => setTimeout(resolve, 30))
        proxy.become(times % 2 === 0 ? 'cut' : 'open')
      }
    })()
    await Promise.all([...writers, flicker])
    await expectBack('after the flicker')
    const { metrics = [] } = await runData(server.url, runId)
    const keys = new Set(metrics.map(({ key }) => key))
    expect(acknowledged.filter((key) => !keys.has(key))).toEqual([])
  })

  it('ends in order while the database is away', async () => {
    proxy.become('cut')
    expect(await server.stop()).toBe(0)
  })
})
