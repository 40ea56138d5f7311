import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlflow, newExperiment, newRun, runData, send } from './fixtures/requests.ts'
import { openScene, type Scene } from './fixtures/scene.ts'
import type { ServerProcess } from './fixtures/server-process.ts'

function metricsOf(key: string) {
  return [{ key, value: 1, timestamp: 1, step: 0 }]
}

describe('a server whose SQLite file is locked by another process', () => {
  let scene: Scene
  let server: ServerProcess
  let runId = ''

  beforeAll(async () => {
    scene = await openScene('sqlite')
    server = await scene.start()
    runId = await newRun(server.url, await newExperiment(server.url, 'locked'))
  })
  afterAll(() => scene.dispose())

  it('waits for a short lock, lives meanwhile, and keeps the write', async () => {
    const other = new DatabaseSync(scene.database.url)
    other.exec('BEGIN IMMEDIATE')
    const body = { run_id: runId, metrics: metricsOf('waited') }
    let isAnswered = false
    const write = mlflow(server.url)('runs/log-batch', body).finally(() => {
      isAnswered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect((await send(`${server.url}/health/live`)).status).toBe(200)
    expect(isAnswered).toBe(false)
    other.exec('ROLLBACK')
    other.close()
    expect((await write).status).toBe(200)
    expect((await runData(server.url, runId)).metrics).toMatchObject([{ key: 'waited' }])
  })

  it('gives up on a long lock with an error that may be retried, and never half-writes', async () => {
    const other = new DatabaseSync(scene.database.url)
    other.exec('BEGIN IMMEDIATE')
    const body = { run_id: runId, metrics: metricsOf('refused') }
    const create = (name: string) => send(`${server.url}/api/v1/experiments`, { body: { name } })
    // They all wait at the same time: one after the other would be longer than any of them waits.
    const [refused, batch, ...others] = await Promise.all([
      create('refused'),
      mlflow(server.url)('runs/log-batch', body),
      ...Array.from({ length: 6 }, (_, i) => create(`refused too ${i}`)),
    ])
    other.exec('ROLLBACK')
    other.close()
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'DATABASE_BUSY', retryable: true } },
    })
    expect(batch).toMatchObject({
      status: 503,
      body: { error_code: 'TEMPORARILY_UNAVAILABLE' },
    })
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 503))
    expect((await mlflow(server.url)('runs/log-batch', body)).status).toBe(200)
    const name = `${server.url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=refused`
    expect((await send(name)).status).toBe(404)
  })
})
