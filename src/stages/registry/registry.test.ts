import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EnvironmentChange, Verdict } from '../../core/records/index.ts'
import { openRecordStore, type RecordStore } from '../../platform/storage/index.ts'
import { createTestDatabase, DIALECTS, fixedClock, type TestDatabase } from '../../testkit/index.ts'
import { attachRecord } from './attach-record.ts'
import { createModelCatalog } from './catalog/index.ts'
import { compareVersions, fetchCompared } from './compare-versions.ts'
import { environmentHistory } from './environment-history.ts'
import { environmentLine, versionBefore } from './environment-line.ts'
import { findVersion } from './find-version.ts'
import { SAMPLE_MODEL, sampleParts } from './fixtures/sample-parts.ts'
import { listVersions } from './list-versions.ts'
import { promoteVersion } from './promote-version.ts'
import { registerVersion } from './register-version.ts'
import { rollBackEnvironment } from './roll-back-environment.ts'
import { versionInEnvironment } from './version-in-environment.ts'

const T0 = Date.UTC(2013, 6, 1)
const DAY = 86_400_000
const model = SAMPLE_MODEL
let scene: TestDatabase
let store: RecordStore

function approve(outcome: Verdict['outcome'] = 'yes', id = `verdict_${outcome}`): Promise<void> {
  return store.put('verdict', id, {
    id,
    outcome,
    candidate: 'xgb',
    evaluation: 'evaluation_1',
    champion: null,
    policyDigest: 'c'.repeat(64),
    criteria: [],
    reasons: [],
  })
}

function register(run: string, verdict?: string) {
  return registerVersion({ store, nowMs: T0, ...sampleParts(run, verdict) })
}

function promote(version: number, environment: EnvironmentChange['environment'], atMs = T0) {
  return promoteVersion({ store, model, version, environment, by: 'ana', reason: 'ready', atMs })
}

async function enterProduction(version: number, atMs = T0): Promise<void> {
  await promote(version, 'development', atMs)
  await promote(version, 'staging', atMs)
  await promote(version, 'production', atMs)
}

function rollBack(atMs = T0) {
  return rollBackEnvironment({
    store,
    model,
    environment: 'production',
    by: 'bo',
    reason: 'wrong answers',
    atMs,
  })
}

describe.each(DIALECTS)('registry on %s', (dialect) => {
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    await openStore()
  })
  afterEach(() => scene.dispose())

  async function openStore(): Promise<void> {
    store = openRecordStore(await scene.open(), { project: model })
  }

  describe('registering', () => {
    test('numbers versions from 1 and finds them again', async () => {
      expect((await register('a')).version).toBe(1)
      expect((await register('b')).version).toBe(2)
      expect((await findVersion({ store, model, version: 2 })).lineage.run).toBe('b')
      const versions = await listVersions({ store, model })
      expect(versions.map(({ version }) => version)).toEqual([2, 1])
    })

    test('the same parts are the same version, whenever they come again', async () => {
      const first = await register('a')
      await register('b')
      expect(await registerVersion({ store, nowMs: T0 + DAY, ...sampleParts('a') })).toEqual(first)
      expect(await listVersions({ store, model })).toHaveLength(2)
    })

    test('an unknown version or model says what there is', async () => {
      await register('a')
      await expect(findVersion({ store, model, version: 7 })).rejects.toThrow(/has no version 7/)
      await expect(findVersion({ store, model: 'flight-delay', version: 1 })).rejects.toThrow(
        expect.objectContaining({ hint: 'Did you mean "flight-delays"?' }),
      )
    })
  })

  describe('promoting', () => {
    test('goes through every environment in order, and says the command that helps', async () => {
      await approve()
      await register('a')
      await expect(promote(1, 'staging')).rejects.toThrow(
        expect.objectContaining({
          code: 'PROMOTION_SKIPS',
          hint: expect.stringContaining('esteira promote 1 development'),
        }),
      )
      await promote(1, 'development')
      await expect(promote(1, 'production')).rejects.toThrow(/does not stand in staging/)
      await promote(1, 'staging')
      expect(await promote(1, 'production')).toMatchObject({
        version: 1,
        previous: null,
        by: 'ana',
      })
    })

    test('production needs a YES of the gate', async () => {
      await approve('no')
      await register('a', 'verdict_no')
      await register('b', 'verdict_unknown')
      for (const version of [1, 2]) {
        await promote(version, 'development')
        await promote(version, 'staging')
        await expect(promote(version, 'production')).rejects.toThrow(/needs a gate verdict YES/)
      }
      expect(await environmentHistory({ store, model, environment: 'production' })).toEqual([])
    })

    test('a version that stands there already is left alone', async () => {
      await approve()
      await register('a')
      const first = await promote(1, 'development')
      expect(await promote(1, 'development', T0 + DAY)).toEqual(first)
      expect(await environmentHistory({ store, model, environment: 'development' })).toHaveLength(1)
    })
  })

  describe('rolling back', () => {
    test('twice goes two versions back, and no further than the first', async () => {
      await approve()
      for (const [i, run] of ['a', 'b', 'c'].entries()) {
        await register(run)
        await enterProduction(i + 1, T0 + i * DAY)
      }
      expect(await rollBack(T0 + 3 * DAY)).toMatchObject({
        version: 2,
        previous: 3,
        action: 'rollback',
      })
      expect(await rollBack(T0 + 4 * DAY)).toMatchObject({ version: 1, previous: 2 })
      await expect(rollBack(T0 + 5 * DAY)).rejects.toThrow(/Version 1 is the first/)
    })

    test('with nothing in the environment it says so', async () => {
      await expect(rollBack()).rejects.toThrow(/No version of "flight-delays" stands in production/)
    })

    test('a version rolled back from staging must come through staging again', async () => {
      await approve()
      await register('a')
      await register('b')
      for (const version of [1, 2]) {
        await promote(version, 'development')
        await promote(version, 'staging')
      }
      await rollBackEnvironment({
        store,
        model,
        environment: 'staging',
        by: 'bo',
        reason: 'x',
        atMs: T0,
      })
      await expect(promote(2, 'production')).rejects.toThrow(/does not stand in staging/)
      expect((await promote(1, 'production')).version).toBe(1)
    })

    test('is the inverse of promoting: it walks down a stack of what was promoted', () => {
      const step = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('back' as const))
      fc.assert(
        fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
          const history: EnvironmentChange[] = []
          const stack: number[] = []
          for (const action of steps) take(action, history, stack)
          expect(environmentLine(history)).toEqual(stack)
        }),
      )
    })

    function take(action: number | 'back', history: EnvironmentChange[], stack: number[]): void {
      if (action !== 'back') {
        if (stack.at(-1) === action) return
        stack.push(action)
        history.push(change('promote', action))
        return
      }
      const target = versionBefore(environmentLine(history))
      expect(target).toBe(stack.at(-2))
      if (target === undefined) return
      stack.pop()
      history.push(change('rollback', target))
    }

    function change(action: EnvironmentChange['action'], version: number): EnvironmentChange {
      return {
        id: 'x',
        model,
        environment: 'production',
        version,
        previous: null,
        action,
        by: 'x',
        reason: 'x',
        at: '2013-07-01T00:00:00.000Z',
      }
    }
  })

  describe('two servers on one database', () => {
    test('give each version one number, and the same version the same', async () => {
      const other = openRecordStore(await scene.open(), { project: model })
      const runs = ['a', 'b', 'c', 'a', 'b', 'c']
      const made = await Promise.all(
        runs.map((run, i) =>
          registerVersion({ store: i % 2 === 0 ? store : other, nowMs: i, ...sampleParts(run) }),
        ),
      )
      const numbers = made.map(({ version }) => version)
      expect(numbers.slice(3)).toEqual(numbers.slice(0, 3))
      expect(numbers.slice(0, 3).toSorted()).toEqual([1, 2, 3])
    })

    test('write one history, in which each change follows the one before', async () => {
      const other = openRecordStore(await scene.open(), { project: model })
      await register('a')
      await register('b')
      await register('c')
      await Promise.all(
        [1, 2, 3].map((version) =>
          promoteVersion({
            store: version === 2 ? other : store,
            model,
            version,
            environment: 'development',
            by: 'ana',
            reason: 'ready',
            atMs: T0,
          }),
        ),
      )
      const history = await environmentHistory({ store, model, environment: 'development' })
      expect(history.map(({ previous }) => previous)).toEqual([
        null,
        ...history.slice(0, -1).map(({ version }) => version),
      ])
    })
  })

  describe('one registry', () => {
    const by = { name: 'ana', from: '10.0.0.7' }
    const catalogOf = async () => createModelCatalog(await scene.open(), { clock: fixedClock(T0) })

    test("shows a belt's version to clients, and a client's version to the belt", async () => {
      await approve()
      await register('a')
      const catalog = await catalogOf()
      expect(await catalog.version(model, 1)).toMatchObject({
        project: model,
        runId: 'a',
        user: 'belt',
        source: `esteira-artifact:/${'a'.repeat(64)}`,
        tags: { 'esteira.candidate': 'xgb', 'esteira.metric.rocAuc': '0.7' },
      })
      const source = 'mlflow-artifacts:/1/r/artifacts/model'
      const given = { model, source, artifactUri: source, user: 'ana' }
      expect((await catalog.createVersion(by, given)).version).toBe(2)
      const versions = await listVersions({ store, model })
      expect(versions.map(({ version, recordId }) => [version, recordId === null])).toEqual([
        [2, true],
        [1, false],
      ])
      await expect(findVersion({ store, model, version: 2 })).rejects.toMatchObject({
        code: 'VERSION_WITHOUT_RECORD',
      })
      expect((await promote(2, 'production')).version).toBe(2)
      expect((await register('b')).version).toBe(3)
    })

    test('attaches one record to a version of a client, and no other', async () => {
      const catalog = await catalogOf()
      await catalog.createModel(by, { name: model, project: model })
      const given = { model, source: 's3://x', artifactUri: 's3://x', user: 'ana' }
      await catalog.createVersion(by, given)
      const attach = (threshold: number) =>
        attachRecord({ store, version: 1, by, nowMs: T0, ...sampleParts('a'), threshold })
      const record = await attach(0.5)
      expect(await attach(0.5)).toEqual(record)
      expect(await findVersion({ store, model, version: 1 })).toEqual(record)
      await expect(attach(0.6)).rejects.toMatchObject({ code: 'VERSION_RECORDED' })
    })

    test('refuses a model that another project owns', async () => {
      const catalog = await catalogOf()
      await catalog.createModel(by, { name: model, project: 'another' })
      await expect(register('a')).rejects.toMatchObject({ code: 'MODEL_BELONGS_ELSEWHERE' })
    })

    test('compares two versions', async () => {
      await register('a')
      const other = sampleParts('b')
      await registerVersion({
        store,
        nowMs: T0,
        ...other,
        artifact: { ...other.artifact, bytes: 25 },
        metrics: { rocAuc: 0.75, f1: 0.5 },
        candidate: { ...other.candidate, parameters: { depth: 3 } },
        signature: { ...other.signature, inputs: [] },
      })
      const compared = await fetchCompared(store, { model, left: 1, right: 2 })
      expect(compareVersions(...compared)).toEqual({
        model,
        left: 1,
        right: 2,
        metrics: [
          {
            metric: 'f1',
            left: null,
            right: { value: 0.5, low: null, high: null },
            difference: null,
          },
          {
            metric: 'rocAuc',
            left: { value: 0.7, low: null, high: null },
            right: { value: 0.75, low: null, high: null },
            difference: expect.closeTo(0.05, 10),
          },
        ],
        candidate: [],
        parameters: [{ name: 'depth', left: undefined, right: 3 }],
        signature: [
          { name: 'input hour', left: sampleParts('a').signature.inputs[0], right: undefined },
        ],
        lineage: [{ name: 'run', left: 'a', right: 'b' }],
        sizeDifferenceBytes: 15,
      })
    })
  })

  describe('what stood where', () => {
    test('is known for every past time, with who and why', async () => {
      await approve()
      await register('a')
      await register('b')
      await enterProduction(1, T0)
      await enterProduction(2, T0 + 2 * DAY)
      await rollBack(T0 + 4 * DAY)
      const at = (atMs?: number) =>
        versionInEnvironment({
          store,
          model,
          environment: 'production',
          ...(atMs === undefined ? {} : { atMs }),
        })
      expect(await at(T0 - 1)).toBeUndefined()
      expect(await at(T0 + DAY)).toMatchObject({ version: 1, by: 'ana', reason: 'ready' })
      expect((await at(T0 + 3 * DAY))?.version).toBe(2)
      expect(await at()).toMatchObject({ version: 1, by: 'bo', reason: 'wrong answers' })
    })

    test('survives a new opening of the store', async () => {
      await approve()
      await register('a')
      await enterProduction(1)
      await openStore()
      const standing = await versionInEnvironment({ store, model, environment: 'production' })
      expect(standing?.version).toBe(1)
    })
  })
})
