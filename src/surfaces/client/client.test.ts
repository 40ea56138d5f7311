import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { createProgressLog } from '../../platform/orchestration/index.ts'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import { type ApiScene, openApiScene } from './fixtures/api-scene.ts'
import { createClient, type EsteiraClient } from './index.ts'

let made: TestDatabase
let scene: ApiScene
let baseUrl: string
let client: EsteiraClient

describe.each(DIALECTS)('the API through its client on %s', (dialect) => {
  beforeEach(async () => {
    made = await createTestDatabase(dialect)
    scene = openApiScene(await made.open())
    baseUrl = await scene.listen()
    client = createClient({ baseUrl, retries: 0 })
  })
  afterEach(async () => {
    await scene.close()
    await made.dispose()
  })

  it('tracks experiments and runs', async () => {
    const experiment = await client.experiments.create({
      body: { name: 'churn', tags: { a: 'b' } },
    })
    expect(experiment).toMatchObject({ name: 'churn', project: 'default', tags: { a: 'b' } })
    const run = await client.runs.create({ body: { experimentId: experiment.id, name: 'first' } })
    await client.runs.log({
      params: { runId: run.id },
      body: {
        metrics: [
          { key: 'loss', value: 0.5, step: 1 },
          { key: 'loss', value: 'NaN', step: 2 },
        ],
        parameters: [{ key: 'depth', value: '6' }],
      },
    })
    const done = await client.runs.update({
      params: { runId: run.id },
      body: { status: 'FINISHED', endedAtMs: Date.now() },
    })
    expect(done).toMatchObject({
      status: 'FINISHED',
      parameters: [{ key: 'depth', value: '6' }],
      metrics: [{ key: 'loss', value: 'NaN', step: 2 }],
    })
    const history = await client.runs.metricHistory({
      params: { runId: run.id },
      query: { key: 'loss' },
    })
    expect(history.items.map(({ value }) => value)).toEqual([0.5, 'NaN'])
    const found = await client.runs.list({ query: { filter: "params.depth = '6'" } })
    expect(found.items.map(({ id }) => id)).toEqual([run.id])
    await client.runs.create({ body: { experimentId: experiment.id } })
    const counts = await client.experiments.counts({
      query: { experimentIds: `0,${experiment.id}` },
    })
    expect(counts.items).toEqual([
      { experimentId: '0', runs: 0, byStatus: {} },
      { experimentId: experiment.id, runs: 2, byStatus: { FINISHED: 1, RUNNING: 1 } },
    ])
    await client.runs.delete({ params: { runId: run.id } })
    const left = await client.runs.list({ query: { filter: "params.depth = '6'" } })
    expect(left.items).toEqual([])
    await client.runs.restore({ params: { runId: run.id } })
    expect((await client.runs.list({})).items).toHaveLength(2)
  })

  it('walks all pages and cuts fields', async () => {
    for (let i = 0; i < 7; i++) await client.models.create({ body: { name: `model-${i}` } })
    const names: string[] = []
    for await (const { name } of client.each(client.models.list, { query: { limit: 2 } })) {
      names.push(name)
    }
    expect(names.sort()).toEqual(Array.from({ length: 7 }, (_, i) => `model-${i}`))
    const cut = await fetch(`${baseUrl}/api/v1/models?limit=1&fields=name,tags`)
    const { items } = (await cut.json()) as { items: object[] }
    expect(Object.keys(items[0] ?? {})).toEqual(['name', 'tags'])
  })

  it('creates once for one idempotency key', async () => {
    const body = { name: 'once' }
    const options = { idempotencyKey: 'key-1' }
    const made = await Promise.allSettled(
      Array.from({ length: 5 }, () => client.experiments.create({ body }, options)),
    )
    const ids = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
    expect(new Set(ids).size).toBe(1)
    for (const each of made) {
      if (each.status === 'rejected') {
        expect(each.reason).toMatchObject({ code: 'IDEMPOTENCY_KEY_BUSY', status: 409 })
      }
    }
    expect((await client.experiments.create({ body }, options)).id).toBe(ids[0])
    const other = client.experiments.create({ body: { name: 'other' } }, options)
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 })
  })

  it('lets a failed creation be tried again under the same key', async () => {
    await client.experiments.create({ body: { name: 'taken' } })
    const options = { idempotencyKey: 'key-2' }
    const failing = client.experiments.create({ body: { name: 'taken' } }, options)
    await expect(failing).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS' })
    const again = client.experiments.create({ body: { name: 'free' } }, options)
    await expect(again).resolves.toMatchObject({ name: 'free' })
  })

  it('refuses a change of what changed meanwhile', async () => {
    const made = await client.experiments.create({ body: { name: 'tagged' } })
    const params = { experimentId: made.id }
    const tag = client.tagOf(await client.experiments.get({ params }))
    expect(tag).toMatch(/^"[0-9a-f]{32}"$/)
    await client.experiments.update({ params, body: { tags: { by: 'bo' } } })
    const late = client.experiments.update(
      { params, body: { name: 'mine' } },
      { ifMatch: tag ?? '' },
    )
    await expect(late).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', status: 412 })
    const now = await client.experiments.get({ params })
    expect(now.name).toBe('tagged')
    const fresh = await client.experiments.update(
      { params, body: { name: 'mine' } },
      { ifMatch: client.tagOf(now) ?? '' },
    )
    expect(fresh.name).toBe('mine')
    const unchanged = await fetch(`${baseUrl}/api/v1/experiments/${made.id}`, {
      headers: { 'if-none-match': client.tagOf(fresh) ?? '' },
    })
    expect(unchanged.status).toBe(304)
  })

  it('registers versions of what was logged, and moves aliases', async () => {
    const { id: experimentId } = await client.experiments.create({ body: { name: 'e' } })
    const run = await client.runs.create({ body: { experimentId } })
    await client.models.create({ body: { name: 'churn' } })
    const params = { model: 'churn' }
    const version = await client.versions.create({
      params,
      body: { runId: run.id, path: 'model', description: 'first' },
    })
    expect(version).toMatchObject({ version: 1, source: `runs:/${run.id}/model`, runId: run.id })
    expect(version.artifactUri).toBe(`${run.artifactUri}/model`)
    await client.aliases.set({ params: { ...params, alias: 'champion' }, body: { version: 1 } })
    expect((await client.models.get({ params })).aliases).toEqual([
      { alias: 'champion', version: 1 },
    ])
    const nothing = client.versions.create({ params, body: {} })
    await expect(nothing).rejects.toMatchObject({ code: 'VERSION_SOURCE_MISSING' })
    const list = await client.versions.list({ params })
    expect(list.items.map((each) => each.version)).toEqual([1])
  })

  it('streams the progress of belts, and misses nothing after a break', async () => {
    const log = createProgressLog(scene.database, { project: 'churn', clock: systemClock })
    const say = (message: string) =>
      log.listen({ kind: 'note', stage: 'training', message, atMs: Date.now() })
    const stop = new AbortController()
    const first = client.progress({ project: 'churn', after: 0, signal: stop.signal })
    say('one')
    say('two')
    const { value: one } = await first.next()
    expect(one).toMatchObject({ project: 'churn', event: { kind: 'note', message: 'one' } })
    stop.abort()
    say('three')
    await log.close()
    const again = new AbortController()
    const messages: unknown[] = []
    for await (const { event } of client.progress({
      after: one?.sequence ?? 0,
      signal: again.signal,
    })) {
      messages.push(event.message)
      if (messages.length === 2) again.abort()
    }
    expect(messages).toEqual(['two', 'three'])
  })

  it('has a valid OpenAPI 3.1 document', async () => {
    const document = await (await fetch(`${baseUrl}/api/v1/openapi.json`)).text()
    const result = await new Validator().validate(JSON.parse(document))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  it('names what is not there, and what a request got wrong', async () => {
    const missing = client.experiments.get({ params: { experimentId: '77' } })
    await expect(missing).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_FOUND', status: 404 })
    const answer = await fetch(`${baseUrl}/api/v1/runs?limit=0&pageToken=x`)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      error: { code: 'OPERATION_INPUT_INVALID', details: { faults: [{ at: 'query.limit' }] } },
    })
    const nowhere = await fetch(`${baseUrl}/api/v1/nowhere`)
    expect([nowhere.status, await nowhere.json()]).toMatchObject([
      404,
      { error: { code: 'API_ROUTE_UNKNOWN' } },
    ])
  })
})

describe.each(DIALECTS)('who may do what through the API on %s', (dialect) => {
  beforeEach(async () => {
    made = await createTestDatabase(dialect)
    scene = openApiScene(await made.open(), { requireLogin: true })
    await scene.access.createUser(
      { name: 'root', password: 'correct horse battery', isAdmin: true },
      { name: 'root', from: 'test' },
    )
    baseUrl = await scene.listen()
  })
  afterEach(async () => {
    await scene.close()
    await made.dispose()
  })

  it('knows nobody without a token', async () => {
    const stranger = createClient({ baseUrl, retries: 0 })
    await expect(stranger.server.me()).rejects.toMatchObject({ status: 401 })
  })

  it('keeps projects apart', async () => {
    const ana = await scene.clientOf('ana', { churn: 'contributor' })
    const bo = await scene.clientOf('bo', { fraud: 'contributor' })
    const made = await ana.experiments.create({ body: { name: 'secret' } })
    expect(made.project).toBe('churn')
    const params = { experimentId: made.id }
    await expect(bo.experiments.get({ params })).rejects.toMatchObject({ status: 403 })
    expect((await bo.experiments.list({})).items).toEqual([])
    expect((await bo.runs.list({ query: { experimentIds: made.id } })).items).toEqual([])
    const elsewhere = bo.experiments.create({ body: { name: 'x', project: 'churn' } })
    await expect(elsewhere).rejects.toMatchObject({ code: 'PERMISSION_DENIED', status: 403 })
    const refused = await scene.audit.list({ filter: { outcome: 'refused' } })
    expect(refused.map(({ actor, project }) => [actor, project])).toEqual([
      ['bo', 'churn'],
      ['bo', 'churn'],
    ])
  })

  it('lets viewers look and nothing else', async () => {
    const admin = await scene.clientOf('adm', { churn: 'admin' })
    const viewer = await scene.clientOf('vi', { churn: 'viewer' })
    const made = await admin.experiments.create({ body: { name: 'e' } })
    const params = { experimentId: made.id }
    expect(await viewer.experiments.get({ params })).toMatchObject({ name: 'e' })
    const tries = await Promise.allSettled([
      viewer.experiments.update({ params, body: { name: 'f' } }),
      viewer.experiments.delete({ params }),
      viewer.runs.create({ body: { experimentId: made.id } }),
      viewer.models.create({ body: { name: 'm' } }),
      viewer.accounts.list(),
      viewer.audit.list({ query: { project: 'churn' } }),
      viewer.roles.grant({ params: { project: 'churn', account: 'vi' }, body: { role: 'admin' } }),
    ])
    for (const attempt of tries) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: { status: 403 } })
    }
  })

  it('never gives a token more than its maker has', async () => {
    const ana = await scene.clientOf('ana', { churn: 'contributor' })
    const { text } = await ana.tokens.create({
      body: { name: 'reader', scope: { permissions: ['experiments:read'] } },
    })
    const reader = createClient({ baseUrl, token: text, retries: 0 })
    expect((await reader.experiments.list({})).items).toEqual([])
    const wider = reader.tokens.create({ body: { name: 'all' } })
    await expect(wider).rejects.toMatchObject({ status: 403 })
    const forOther = ana.tokens.create({ body: { name: 'x', account: 'root' } })
    await expect(forOther).rejects.toMatchObject({ status: 403 })
  })
})
