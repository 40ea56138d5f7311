import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ENVIRONMENTS, type Environment } from '../../../core/records/index.ts'
import type { Change, Database } from '../../../platform/database/index.ts'
import {
  createTestDatabase,
  DIALECTS,
  type FixedClock,
  fixedClock,
  type TestDatabase,
} from '../../../testkit/index.ts'
import { createModelCatalog, type ModelCatalog } from '../catalog/index.ts'
import { createGovernance, type Governance } from './index.ts'

const DAY_MS = 86_400_000
const from = '10.0.0.7'
const [ana, bo, cy] = ['ana', 'bo', 'cy'].map((name) => ({ name, from })) as [
  { name: string; from: string },
  { name: string; from: string },
  { name: string; from: string },
]
const model = 'churn'
const project = 'growth'

describe.each(DIALECTS)('governance on %s', (dialect) => {
  let scene: TestDatabase
  let database: Database
  let clock: FixedClock
  let changes: Change[]
  let catalog: ModelCatalog
  let governance: Governance
  let dependents: string[]

  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    database = await scene.open()
    clock = fixedClock()
    changes = []
    dependents = []
    const options = {
      clock,
      listener: async (_: unknown, told: readonly Change[]) => {
        changes.push(...told)
      },
      findDependents: async () => dependents,
      roleOf: async ({ name }: { name: string }) =>
        name === 'viewer' ? 'viewer' : name === 'nobody' ? null : 'approver',
    }
    catalog = createModelCatalog(database, options)
    governance = createGovernance(database, options)
    await catalog.createModel(ana, { name: model, project })
    await logIn()
  })
  afterEach(() => scene.dispose())

  /** With an account there is somebody to ask for an approval. */
  async function logIn() {
    await database.queries
      .insertInto('accounts')
      .values({ name: 'ana', kind: 'user', is_disabled: 0, created_at_ms: 0 })
      .execute()
  }

  function register(extra: object = {}) {
    const source = 'mlflow-artifacts:/1/r/artifacts/model'
    return catalog.createVersion(ana, { model, source, artifactUri: source, user: 'ana', ...extra })
  }

  function judged(outcome: 'yes' | 'no', recordId = `version_${outcome}`) {
    const judgement = { evaluation: 'evaluation_1', verdict: 'verdict_1', outcome }
    return register({ recordId, runId: 'run_1', judgement })
  }

  const promote = (version: number, environment: Environment, by = ana) =>
    governance.promote(by, { model, version, environment, reason: 'ready' })

  const ask = (version = 1, environment: Environment = 'production', by = ana) =>
    governance.requestPromotion(by, { model, version, environment, reason: 'better recall' })

  const decide = (request: string, by = bo, decision: 'approve' | 'reject' = 'approve') =>
    governance.decide(by, { request, decision, reason: 'looked at it' })

  async function throughAll(version: number) {
    for (const environment of ENVIRONMENTS) await promote(version, environment)
  }

  it("lets a belt's version with a YES through, step by step, and no other", async () => {
    await judged('yes')
    await judged('no')
    await expect(promote(1, 'production')).rejects.toMatchObject({ code: 'PROMOTION_SKIPS' })
    await throughAll(1)
    expect(await catalog.version(model, 1)).toMatchObject({
      stage: 'Production',
      environments: ['development', 'staging', 'production'],
    })
    await promote(2, 'development')
    await promote(2, 'staging')
    await expect(promote(2, 'production')).rejects.toMatchObject({ code: 'VERSION_NOT_APPROVED' })
  })

  it("asks for an approval of a client's version, by somebody else", async () => {
    await register()
    await expect(promote(1, 'production')).rejects.toMatchObject({
      code: 'APPROVAL_NEEDED',
      details: { needed: 1, got: 0, request: null },
    })
    await expect(
      catalog.transitionStage(ana, {
        model,
        version: 1,
        stage: 'Production',
        archiveExisting: false,
      }),
    ).rejects.toMatchObject({ code: 'APPROVAL_NEEDED' })
    const { id } = await ask(1, 'production', cy)
    await expect(decide(id, ana)).rejects.toMatchObject({ code: 'APPROVAL_BY_ANOTHER' })
    await expect(decide(id, cy)).rejects.toMatchObject({ code: 'APPROVAL_BY_ANOTHER' })
    for (const name of ['viewer', 'nobody']) {
      await expect(decide(id, { name, from })).rejects.toMatchObject({
        code: 'APPROVER_ROLE_NEEDED',
      })
    }
    await expect(promote(1, 'production')).rejects.toMatchObject({ details: { request: id } })
    expect(await decide(id)).toMatchObject({ state: 'approved', needed: 1 })
    await expect(decide(id)).rejects.toMatchObject({ code: 'DECIDED_ALREADY' })
    const event = await promote(1, 'production')
    expect(event.evidence).toMatchObject({
      request: id,
      approvals: [{ by: 'bo', atMs: clock.now(), reason: 'looked at it' }],
    })
    expect((await governance.request(id)).state).toBe('used')
    await expect(decide(id, { name: 'di', from })).rejects.toMatchObject({
      code: 'APPROVAL_REQUEST_CLOSED',
    })
    expect((await catalog.version(model, 1)).stage).toBe('Production')
  })

  it('takes a reason for an approval where nobody logs in', async () => {
    await database.queries.updateTable('accounts').set({ is_disabled: 1 }).execute()
    await register()
    const wish = { model, version: 1, environment: 'production' as const }
    await expect(governance.promote(ana, { ...wish, reason: ' ' })).rejects.toMatchObject({
      code: 'REASON_NEEDED',
    })
    expect((await governance.promote(ana, { ...wish, reason: 'tried it' })).version).toBe(1)
  })

  it('uses an approval once, and none that was rejected or is too old', async () => {
    await register()
    await register()
    const first = await ask(1)
    await decide(first.id)
    await promote(1, 'production')
    const second = await ask(2)
    await decide(second.id)
    await promote(2, 'production')
    await expect(promote(1, 'production')).rejects.toMatchObject({ code: 'APPROVAL_NEEDED' })
    const rejected = await ask(1)
    await decide(rejected.id, bo, 'reject')
    await expect(decide(rejected.id, cy)).rejects.toMatchObject({
      code: 'APPROVAL_REQUEST_CLOSED',
      details: { state: 'rejected' },
    })
    await expect(promote(1, 'production')).rejects.toMatchObject({ code: 'APPROVAL_NEEDED' })
    const late = await ask(1)
    await decide(late.id)
    clock.advance(8 * DAY_MS)
    await expect(promote(1, 'production')).rejects.toMatchObject({ code: 'APPROVAL_NEEDED' })
    const states = (await governance.requests({ model })).map(({ id, state }) => [id, state])
    expect(Object.fromEntries(states)).toEqual({
      [first.id]: 'used',
      [second.id]: 'used',
      [rejected.id]: 'rejected',
      [late.id]: 'expired',
    })
    expect(await governance.requests({ projects: [] })).toEqual([])
    expect(await governance.requests({ projects: [project], limit: 1 })).toHaveLength(1)
  })

  it('obeys the rule of the model before that of the project, and keeps old rules', async () => {
    await judged('yes')
    const environment = 'staging'
    const set = (rule: unknown, scope: object = {}) =>
      governance.setRule(ana, { project, environment, rule, reason: 'policy 7', ...scope })
    expect((await governance.rule(model, environment)).origin).toBe('default')
    await set({ previousEnvironment: 'never', approvals: 2 })
    await expect(promote(1, environment)).rejects.toMatchObject({ details: { needed: 2 } })
    await set({ previousEnvironment: 'always' }, { model })
    expect(await governance.rule(model, environment)).toMatchObject({
      origin: 'model',
      rule: { previousEnvironment: 'always', approvals: 0 },
    })
    await expect(promote(1, environment)).rejects.toMatchObject({ code: 'PROMOTION_SKIPS' })
    await set(null, { model })
    expect((await governance.rule(model, environment)).origin).toBe('project')
    const { id } = await ask(1, environment)
    await decide(id, bo)
    await expect(promote(1, environment)).rejects.toMatchObject({ details: { got: 1 } })
    await decide(id, cy)
    expect((await promote(1, environment)).version).toBe(1)
    for (const rule of [{ approvals: -1 }, { approval: 1 }, [], 'yes', { approvals: 99 }]) {
      await expect(set(rule)).rejects.toMatchObject({ code: 'PROMOTION_RULE_INVALID' })
    }
    await expect(set({}, { reason: '' })).rejects.toMatchObject({ code: 'REASON_NEEDED' })
    await expect(set({}, { model, project: 'other' })).rejects.toMatchObject({
      code: 'MODEL_BELONGS_ELSEWHERE',
    })
    const rules = changes.filter(({ action }) => action.startsWith('rule.'))
    expect(rules.map(({ action }) => action)).toEqual(['rule.set', 'rule.set', 'rule.end'])
    const rewriting = database.queries.updateTable('catalog_rules').set({ rule_json: null })
    await expect(rewriting.execute()).rejects.toThrow(/never changed/)
  })

  it('says what was in production on a date, who approved it, on which evidence', async () => {
    await judged('yes', 'a')
    await judged('yes', 'b')
    await governance.setRule(ana, {
      project,
      environment: 'production',
      rule: { approvals: 1 },
      reason: 'four eyes',
    })
    for (const version of [1, 2]) {
      await promote(version, 'development')
      await promote(version, 'staging')
      const { id } = await ask(version)
      clock.advance(DAY_MS)
      await decide(id, version === 1 ? bo : cy)
      await promote(version, 'production')
    }
    const secondAtMs = clock.now()
    clock.advance(DAY_MS)
    await governance.rollBack(bo, { model, environment: 'production', reason: 'wrong answers' })
    const place = { environment: 'production' as const }
    expect(await governance.standingAt(model, place, 0)).toBeUndefined()
    expect(await governance.standingAt(model, place, secondAtMs)).toMatchObject({
      version: 2,
      event: {
        by: 'ana',
        evidence: {
          run: 'run_1',
          evaluation: 'evaluation_1',
          verdict: 'verdict_1',
          outcome: 'yes',
          approvals: [{ by: 'cy' }],
        },
      },
      // It still stands in staging.
      details: { version: 2, stage: 'Staging' },
    })
    expect(await governance.standingAt(model, place, secondAtMs - 1)).toMatchObject({ version: 1 })
    expect(await governance.standingAt(model, place)).toMatchObject({
      version: 1,
      event: { action: 'rollback', by: 'bo', reason: 'wrong answers' },
    })
    await expect(
      governance.rollBack(bo, { model, environment: 'production', reason: 'again' }),
    ).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' })
    const tampering = database.queries.deleteFrom('catalog_events').execute()
    await expect(tampering).rejects.toThrow(/never changed/)
  })

  it('remembers a deleted model, and does not mistake its namesake for it', async () => {
    await judged('yes')
    await throughAll(1)
    const heldAtMs = clock.now()
    clock.advance(1000)
    await catalog.transitionStage(ana, {
      model,
      version: 1,
      stage: 'Archived',
      archiveExisting: false,
    })
    clock.advance(1000)
    await catalog.deleteModel(ana, model)
    const place = { environment: 'production' as const }
    expect(await governance.standingAt(model, place)).toBeUndefined()
    expect(await governance.standingAt(model, place, heldAtMs)).toMatchObject({
      version: 1,
      details: null,
    })
    clock.advance(1000)
    await catalog.createModel(ana, { name: model, project })
    expect(await governance.standingAt(model, place)).toBeUndefined()
    expect(await governance.standingAt(model, place, heldAtMs)).toMatchObject({ version: 1 })
  })

  it('retires a version that nothing depends on, and says what does', async () => {
    await judged('yes')
    await throughAll(1)
    await catalog.setAlias(ana, { model, alias: 'champion', version: 1 })
    dependents = ['the endpoint churn serves it']
    const wish = { model, version: 1, reason: 'superseded' }
    await expect(governance.retire(ana, wish)).rejects.toMatchObject({
      code: 'VERSION_IN_USE',
      details: {
        dependents: [
          'it stands in development',
          'it stands in staging',
          'it stands in production',
          'the alias champion points to it',
          'the endpoint churn serves it',
        ],
      },
    })
    const change = { model, version: 1, stage: 'Archived' as const, archiveExisting: false }
    await catalog.transitionStage(ana, change)
    await catalog.deleteAlias(ana, model, 'champion')
    dependents = []
    expect((await governance.retire(ana, wish)).retiredAtMs).toBe(clock.now())
    await expect(promote(1, 'development')).rejects.toMatchObject({ code: 'VERSION_RETIRED' })
    await expect(catalog.setAlias(ana, { model, alias: 'x', version: 1 })).rejects.toMatchObject({
      code: 'VERSION_RETIRED',
    })
  })

  it('keeps what people write about a version as revisions', async () => {
    await register()
    const at = { model, version: 1, reason: 'first words' }
    expect(await governance.editCard(ana, { ...at, text: 'one', after: 0 })).toMatchObject({
      revision: 1,
    })
    await governance.editCard(bo, { ...at, text: 'two', after: 1 })
    await expect(governance.editCard(cy, { ...at, text: 'x', after: 1 })).rejects.toMatchObject({
      code: 'CARD_CHANGED',
    })
    const text = 'x'.repeat(100_001)
    await expect(governance.editCard(cy, { ...at, text, after: 2 })).rejects.toMatchObject({
      code: 'CARD_TOO_LONG',
    })
    const revisions = await governance.cardRevisions(model, 1)
    expect(revisions.map(({ text, author }) => `${author}: ${text}`)).toEqual([
      'bo: two',
      'ana: one',
    ])
  })

  it('tells of every moment what a naive replay tells', async () => {
    for (const recordId of ['a', 'b', 'c']) await judged('yes', recordId)
    const environment = fc.constantFrom(...ENVIRONMENTS)
    const version = fc.integer({ min: 1, max: 3 })
    const step = fc.oneof(
      fc.record({ kind: fc.constant('promote' as const), environment, version }),
      fc.record({ kind: fc.constant('back' as const), environment }),
      fc.record({ kind: fc.constant('alias' as const), alias: fc.constantFrom('x', 'y'), version }),
      fc.record({ kind: fc.constant('unalias' as const), alias: fc.constantFrom('x', 'y') }),
    )
    const seen = new Map<string, number | undefined>()
    const timeline: { atMs: number; standing: Map<string, number | undefined> }[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const one of steps) {
          clock.advance(1)
          await take(one, seen)
          timeline.push({ atMs: clock.now(), standing: new Map(seen) })
        }
        for (const { atMs, standing } of timeline.slice(-4)) {
          for (const [key, expected] of standing) {
            const place = placeOf(key)
            const found = await governance.standingAt(model, place, atMs)
            expect(found?.version, `${key} at ${atMs}`).toBe(expected)
          }
        }
      }),
      { numRuns: 8 },
    )
  })

  type Step =
    | { kind: 'promote'; environment: Environment; version: number }
    | { kind: 'back'; environment: Environment }
    | { kind: 'alias'; alias: string; version: number }
    | { kind: 'unalias'; alias: string }

  /** Does a step, and writes down what it answered; a refusal leaves everything as it was. */
  async function take(step: Step, seen: Map<string, number | undefined>): Promise<void> {
    if (step.kind === 'alias') {
      await catalog.setAlias(ana, { model, ...step })
      seen.set(`alias/${step.alias}`, step.version)
    } else if (step.kind === 'unalias') {
      await catalog.deleteAlias(ana, model, step.alias)
      seen.set(`alias/${step.alias}`, undefined)
    } else {
      const { environment } = step
      const done = await (step.kind === 'promote'
        ? promote(step.version, environment)
        : governance.rollBack(ana, { model, environment, reason: 'back' })
      ).catch(refused)
      if (done !== undefined) seen.set(`environment/${environment}`, done.version ?? undefined)
    }
  }

  function refused(error: unknown): undefined {
    const codes = ['PROMOTION_SKIPS', 'NOTHING_TO_ROLL_BACK']
    if (!(error instanceof Error && 'code' in error && codes.includes(String(error.code)))) {
      throw error
    }
    return undefined
  }

  function placeOf(key: string) {
    const [kind, name = ''] = key.split('/')
    const environment = ENVIRONMENTS.find((known) => known === name)
    return kind === 'alias' || environment === undefined ? { alias: name } : { environment }
  }
})
