import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import { type ApiScene, openApiScene } from './fixtures/api-scene.ts'
import type { EsteiraClient } from './index.ts'

let made: TestDatabase
let scene: ApiScene
const params = { model: 'churn' }
const production = { ...params, environment: 'production' as const }

/** A version of a model, made from a run that a client logged. */
async function registerVersion(client: EsteiraClient, model = 'churn'): Promise<number> {
  const { items } = await client.experiments.list({ query: { filter: "name = 'e'" } })
  const experiment = items[0] ?? (await client.experiments.create({ body: { name: 'e' } }))
  const run = await client.runs.create({ body: { experimentId: experiment.id } })
  const made = await client.versions.create({
    params: { model },
    body: { runId: run.id, path: 'model' },
  })
  return made.version
}

describe.each(DIALECTS)('governance through the API on %s', (dialect) => {
  beforeEach(async () => {
    made = await createTestDatabase(dialect)
    scene = openApiScene(await made.open(), { requireLogin: true })
    const by = { name: 'root', from: 'test' }
    const root = { name: 'root', password: 'correct horse battery', isAdmin: true }
    await scene.access.createUser(root, by)
    await scene.listen()
  })
  afterEach(async () => {
    await scene.close()
    await made.dispose()
  })

  it('lets a version into production by two people, and says so for any day', async () => {
    const ana = await scene.clientOf('ana', { default: 'approver' })
    const bo = await scene.clientOf('bo', { default: 'approver' })
    await ana.models.create({ body: { name: 'churn' } })
    const version = await registerVersion(ana)
    const before = Date.now()
    const promotion = { params: production, body: { version, reason: 'better in every slice' } }
    await expect(ana.environments.promote(promotion)).rejects.toMatchObject({
      code: 'APPROVAL_NEEDED',
    })
    const asked = await ana.approvals.create({
      body: { ...production, version, reason: 'better in every slice' },
    })
    expect(asked).toMatchObject({ state: 'open', requestedBy: 'ana', needed: 1 })
    const request = { request: asked.id }
    const decision = { decision: 'approve' as const, reason: 'checked the report' }
    const alone = ana.approvals.decide({ params: request, body: decision })
    await expect(alone).rejects.toMatchObject({ code: 'APPROVAL_BY_ANOTHER' })
    expect(await bo.approvals.decide({ params: request, body: decision })).toMatchObject({
      state: 'approved',
    })
    await ana.environments.promote(promotion)
    expect(await bo.environments.get({ params: production })).toMatchObject({
      version,
      event: {
        by: 'ana',
        reason: 'better in every slice',
        evidence: { approvals: [{ by: 'bo', reason: 'checked the report' }] },
      },
    })
    const earlier = await bo.environments.get({ params: production, query: { atMs: before } })
    expect(earlier).toEqual({ version: null, event: null, details: null })
    const { items } = await bo.history.list({ params })
    expect(items.some(({ action, place }) => action === 'promote' && place === 'production')).toBe(
      true,
    )
  })

  it('rolls back in one call, and keeps both in the history', async () => {
    const admin = await scene.clientOf('adm', { default: 'admin' })
    await admin.models.create({ body: { name: 'churn' } })
    await admin.environments.setRule({
      params: production,
      body: { rule: { approvalsUnjudged: 0 }, reason: 'a model of no consequence' },
    })
    expect(await admin.environments.rule({ params: production })).toMatchObject({
      origin: 'model',
      rule: { approvalsUnjudged: 0 },
    })
    for (const version of [await registerVersion(admin), await registerVersion(admin)]) {
      await admin.environments.promote({ params: production, body: { version, reason: 'new' } })
    }
    await admin.environments.rollBack({ params: production, body: { reason: 'wrong answers' } })
    expect((await admin.environments.get({ params: production })).version).toBe(1)
    const { items } = await admin.history.list({ params })
    const changes = items.filter(({ subject }) => subject === 'environment')
    expect(changes.map(({ action }) => action)).toEqual(['rollback', 'promote', 'promote'])
  })

  it('refuses to retire what is in use, and names the uses', async () => {
    const admin = await scene.clientOf('adm', { default: 'admin' })
    await admin.models.create({ body: { name: 'churn' } })
    const version = await registerVersion(admin)
    const alias = { params: { ...params, alias: 'champion' } }
    await admin.aliases.set({ ...alias, body: { version } })
    const retirement = { params: { ...params, version }, body: { reason: 'old' } }
    const early = admin.versions.retire(retirement)
    await expect(early).rejects.toMatchObject({ code: 'VERSION_IN_USE' })
    await expect(early).rejects.toThrow(/champion/)
    await admin.aliases.delete(alias)
    expect((await admin.versions.retire(retirement)).retiredAtMs).toBeTypeOf('number')
  })

  it('keeps every revision of a card', async () => {
    const ana = await scene.clientOf('ana', { default: 'contributor' })
    await ana.models.create({ body: { name: 'churn' } })
    const card = { params: { ...params, version: await registerVersion(ana) } }
    await ana.cards.edit({ ...card, body: { text: '# One', reason: 'first', after: 0 } })
    await ana.cards.edit({ ...card, body: { text: '# Two', reason: 'typo', after: 1 } })
    const late = ana.cards.edit({ ...card, body: { text: '# Mine', reason: 'x', after: 1 } })
    await expect(late).rejects.toMatchObject({ code: 'CARD_CHANGED' })
    const { items } = await ana.cards.list(card)
    expect(items.map(({ text, author }) => [text, author])).toEqual([
      ['# Two', 'ana'],
      ['# One', 'ana'],
    ])
  })

  it('plans what garbage would go, and collects it', async () => {
    const admin = await scene.clientOf('adm', { '*': 'admin' })
    const experiment = await admin.experiments.create({ body: { name: 'old' } })
    const run = await admin.runs.create({ body: { experimentId: experiment.id } })
    await admin.runs.delete({ params: { runId: run.id } })
    expect(await admin.garbage.plan()).toMatchObject({ runs: 0 })
    const now = { olderThanDays: 0 }
    expect(await admin.garbage.plan({ query: now })).toMatchObject({ runs: 1 })
    expect(await admin.garbage.collect({ body: now })).toMatchObject({ runs: 1, skipped: [] })
    const gone = admin.runs.get({ params: { runId: run.id } })
    await expect(gone).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
    const ana = await scene.clientOf('ana', { default: 'admin' })
    await expect(ana.garbage.plan()).rejects.toMatchObject({ status: 403 })
    expect(await admin.jobs.list()).toEqual({ items: [] })
    expect(await ana.endpoints.list({ params: { project: 'default' } })).toEqual({ items: [] })
  })

  it('gives approval and promotion to approvers only', async () => {
    const ana = await scene.clientOf('ana', { default: 'contributor' })
    const stranger = await scene.clientOf('stranger', { other: 'admin' })
    await ana.models.create({ body: { name: 'churn' } })
    const version = await registerVersion(ana)
    const attempts = await Promise.allSettled([
      ana.environments.promote({ params: production, body: { version, reason: 'x' } }),
      ana.aliases.set({ params: { ...params, alias: 'champion' }, body: { version } }),
      stranger.history.list({ params }),
      stranger.environments.get({ params: production }),
      stranger.approvals.create({ body: { ...production, version, reason: 'x' } }),
    ])
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: { status: 403 } })
    }
    expect((await stranger.approvals.list()).items).toEqual([])
  })
})
