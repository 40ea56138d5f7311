import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTrackingStore, type TrackingStore } from '../../platform/tracking/index.ts'
import { createTestDatabase, DIALECTS, fixedClock, type TestDatabase } from '../../testkit/index.ts'
import { parametersOf, singleMetrics, tagsOf } from './entries.ts'
import { settleRun, type TrackedRun } from './settle-run.ts'

const ACTOR = { name: 'ana', from: 'cli' }
const ID = '0123456789abcdef0123456789abcdef'

describe.each(DIALECTS)('settling a run on %s', (dialect) => {
  let metadata: TestDatabase
  let store: TrackingStore
  let writes: string[]

  beforeEach(async () => {
    metadata = await createTestDatabase(dialect)
    writes = []
    store = await createTrackingStore(await metadata.open(), {
      clock: fixedClock(1_000_000),
      defaultArtifactRoot: 'mlflow-artifacts:/',
      listener: async (_, changes) => void writes.push(...changes.map(({ action }) => action)),
    })
    writes = []
  })
  afterEach(() => metadata.dispose())

  const settle = (run: Partial<TrackedRun>, nowMs = 2_000_000) =>
    settleRun(
      { id: ID, experimentId: '0', name: 'trees', startedAtMs: 5_000, tags: {}, ...run },
      { store, actor: ACTOR, nowMs },
    )

  test('the same call again writes nothing', async () => {
    const run: Partial<TrackedRun> = {
      tags: { 'mlflow.parentRunId': 'a', verdict: 'yes' },
      parameters: parametersOf({ depth: 3 }),
      metrics: singleMetrics({ loss: 0.5, nothing: Number.NaN }),
      status: 'FINISHED',
      durationMs: 300,
    }
    expect(await settle(run)).toBe(true)
    const first = await store.run(ID)
    expect(first).toMatchObject({ status: 'FINISHED', startedAtMs: 5_000, endedAtMs: 5_300 })
    const written = writes.length
    expect(await settle(run, 3_000_000)).toBe(true)
    expect(writes).toHaveLength(written)
    expect(await store.run(ID)).toEqual(first)
  })

  test('what a crash left out is written, and no point twice', async () => {
    const points = [0, 1, 2].map((step) => ({ step, value: 1 / (step + 1), afterMs: step * 10 }))
    await settle({ metrics: [{ key: 'loss', points: points.slice(0, 2) }] })
    await settle({ metrics: [{ key: 'loss', points }], tags: { added: '1' } })
    const { items } = await store.metricHistory({ runId: ID, key: 'loss' })
    expect(items.map(({ step, value, timestampMs }) => [step, value, timestampMs])).toEqual([
      [0, 1, 5_000],
      [1, 0.5, 5_010],
      [2, 1 / 3, 5_020],
    ])
    expect((await store.run(ID)).tags).toMatchObject({ added: '1' })
  })

  test('a value that changed is the latest one, be it smaller', async () => {
    await settle({ metrics: singleMetrics({ auc: 0.9 }) })
    await settle({ metrics: singleMetrics({ auc: 0.8 }) })
    expect((await store.run(ID)).metrics).toMatchObject([{ key: 'auc', value: 0.8 }])
  })

  test('a run stays in the run that it was made in, and as people renamed it', async () => {
    await settle({ tags: { 'mlflow.parentRunId': 'first' } })
    await store.updateRun(ACTOR, ID, { name: 'the good one' })
    await settle({ tags: { 'mlflow.parentRunId': 'second' } })
    const { name, tags } = await store.run(ID)
    expect({ name, parent: tags['mlflow.parentRunId'] }).toEqual({
      name: 'the good one',
      parent: 'first',
    })
  })

  test('a run that people deleted stays deleted and untouched', async () => {
    await settle({})
    await store.setRunLifecycle(ACTOR, ID, 'deleted')
    expect(await settle({ tags: { late: '1' }, status: 'FINISHED' })).toBe(false)
    expect(await store.run(ID)).toMatchObject({ lifecycle: 'deleted', status: 'RUNNING' })
  })

  test('more entries than a batch takes, of names and lengths that it does not take', async () => {
    const many = Array.from({ length: 150 }, (_, i) => `name ${i}`)
    const odd = ['a@b', '../etc', '..', '.', '/root', 'x\0y', 'línea', 'k'.repeat(400)]
    const names = [...many, ...odd]
    const values = Object.fromEntries(names.map((name) => [name, `\0${'v'.repeat(9_000)}`]))
    await settle({
      tags: tagsOf(values),
      parameters: parametersOf(values),
      metrics: singleMetrics(Object.fromEntries(names.map((name, i) => [name, i]))),
    })
    const run = await store.run(ID)
    expect(run.parameters.length).toBeGreaterThanOrEqual(many.length + 6)
    expect(run.metrics.length).toBe(run.parameters.length)
    expect(run.parameters[0]?.value).toMatch(/v… \(cut\)$/)
  })
})
