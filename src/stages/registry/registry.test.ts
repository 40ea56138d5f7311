import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EnvironmentChange, Verdict } from '../../core/records/index.ts'
import { openRecordStore, type RecordStore } from '../../platform/storage/index.ts'
import { environmentLine, versionBefore } from './environment-line.ts'
import { findVersion, listVersions } from './find-version.ts'
import { promoteVersion } from './promote-version.ts'
import { type ModelVersionParts, registerVersion } from './register-version.ts'
import { rollBackEnvironment } from './roll-back-environment.ts'
import { versionInEnvironment } from './version-in-environment.ts'

const T0 = Date.UTC(2013, 6, 1)
const DAY = 86_400_000
const model = 'flight-delays'
let folder: string
let store: RecordStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-registry-'))
  store = openRecordStore(join(folder, 'metadata.db'))
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

function parts(run: string, verdict = 'verdict_yes'): ModelVersionParts {
  return {
    model,
    artifact: { digest: 'a'.repeat(64), bytes: 10, name: 'model.onnx' },
    signature: {
      schemaVersion: 1,
      problemType: 'binary-classification',
      inputs: [{ name: 'hour', kind: 'number', view: null, range: [0, 23], categories: null }],
      classes: ['0', '1'],
      positiveClass: '1',
      tensors: { numeric: 'numeric', categorical: null, output: 'probabilities' },
    },
    threshold: 0.5,
    lineage: {
      snapshots: {},
      featureTables: {},
      dataset: 'dataset_1',
      frame: 'frame_1',
      run,
      evaluation: 'evaluation_1',
      verdict,
    },
    metrics: { rocAuc: 0.7 },
    candidate: { name: 'xgb', estimator: 'xgboost', parameters: {} },
    reference: { inputs: [], prediction: null, rows: 10 },
    card: { digest: 'b'.repeat(64), bytes: 10, name: 'model-card.md' },
    asOf: null,
  }
}

function approve(outcome: Verdict['outcome'] = 'yes', id = `verdict_${outcome}`): void {
  store.put('verdict', id, {
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
  return registerVersion({ store, nowMs: T0, ...parts(run, verdict) })
}

function promote(version: number, environment: EnvironmentChange['environment'], atMs = T0) {
  return promoteVersion({ store, model, version, environment, by: 'ana', reason: 'ready', atMs })
}

function enterProduction(version: number, atMs = T0): void {
  promote(version, 'development', atMs)
  promote(version, 'staging', atMs)
  promote(version, 'production', atMs)
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

describe('registering', () => {
  test('numbers versions from 1 and finds them again', () => {
    expect([register('a').version, register('b').version]).toEqual([1, 2])
    expect(findVersion({ store, model, version: 2 }).lineage.run).toBe('b')
    expect(listVersions({ store, model }).map(({ version }) => version)).toEqual([2, 1])
  })

  test('the same parts are the same version, whenever they come again', () => {
    const first = register('a')
    register('b')
    expect(registerVersion({ store, nowMs: T0 + DAY, ...parts('a') })).toEqual(first)
    expect(listVersions({ store, model })).toHaveLength(2)
  })

  test('an unknown version or model says what there is', () => {
    register('a')
    expect(() => findVersion({ store, model, version: 7 })).toThrow(/has no version 7/)
    expect(() => findVersion({ store, model: 'flight-delay', version: 1 })).toThrow(
      expect.objectContaining({ hint: 'Did you mean "flight-delays"?' }),
    )
  })
})

describe('promoting', () => {
  test('goes through every environment in order, and says the command that helps', () => {
    approve()
    register('a')
    expect(() => promote(1, 'staging')).toThrow(
      expect.objectContaining({
        code: 'PROMOTION_SKIPS',
        hint: expect.stringContaining('esteira promote 1 --to development'),
      }),
    )
    promote(1, 'development')
    expect(() => promote(1, 'production')).toThrow(/does not stand in staging/)
    promote(1, 'staging')
    expect(promote(1, 'production')).toMatchObject({ version: 1, previous: null, by: 'ana' })
  })

  test('production needs a YES of the gate', () => {
    approve('no')
    register('a', 'verdict_no')
    register('b', 'verdict_unknown')
    for (const version of [1, 2]) {
      promote(version, 'development')
      promote(version, 'staging')
      expect(() => promote(version, 'production')).toThrow(/needs a gate verdict YES/)
    }
    expect(store.environmentHistory(model, 'production')).toEqual([])
  })

  test('a version that stands there already is left alone', () => {
    approve()
    register('a')
    const first = promote(1, 'development')
    expect(promote(1, 'development', T0 + DAY)).toEqual(first)
    expect(store.environmentHistory(model, 'development')).toHaveLength(1)
  })
})

describe('rolling back', () => {
  test('twice goes two versions back, and no further than the first', () => {
    approve()
    for (const [i, run] of ['a', 'b', 'c'].entries()) {
      register(run)
      enterProduction(i + 1, T0 + i * DAY)
    }
    expect(rollBack(T0 + 3 * DAY)).toMatchObject({ version: 2, previous: 3, action: 'rollback' })
    expect(rollBack(T0 + 4 * DAY)).toMatchObject({ version: 1, previous: 2 })
    expect(() => rollBack(T0 + 5 * DAY)).toThrow(/Version 1 is the first/)
  })

  test('with nothing in the environment it says so', () => {
    expect(() => rollBack()).toThrow(/No version of "flight-delays" stands in production/)
  })

  test('a version rolled back from staging must come through staging again', () => {
    approve()
    register('a')
    register('b')
    for (const version of [1, 2]) {
      promote(version, 'development')
      promote(version, 'staging')
    }
    rollBackEnvironment({ store, model, environment: 'staging', by: 'bo', reason: 'x', atMs: T0 })
    expect(() => promote(2, 'production')).toThrow(/does not stand in staging/)
    expect(promote(1, 'production').version).toBe(1)
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

describe('what stood where', () => {
  test('is known for every past time, with who and why', () => {
    approve()
    register('a')
    register('b')
    enterProduction(1, T0)
    enterProduction(2, T0 + 2 * DAY)
    rollBack(T0 + 4 * DAY)
    const at = (atMs?: number) =>
      versionInEnvironment({
        store,
        model,
        environment: 'production',
        ...(atMs === undefined ? {} : { atMs }),
      })
    expect(at(T0 - 1)).toBeUndefined()
    expect(at(T0 + DAY)).toMatchObject({ version: 1, by: 'ana', reason: 'ready' })
    expect(at(T0 + 3 * DAY)?.version).toBe(2)
    expect(at()).toMatchObject({ version: 1, by: 'bo', reason: 'wrong answers' })
  })

  test('survives a new opening of the store', () => {
    approve()
    register('a')
    enterProduction(1)
    store.close()
    store = openRecordStore(join(folder, 'metadata.db'))
    expect(versionInEnvironment({ store, model, environment: 'production' })?.version).toBe(1)
  })
})
