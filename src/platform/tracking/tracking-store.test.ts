import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import type { Actor, Change } from '../database/index.ts'
import { createTrackingStore } from './create-tracking-store.ts'
import type { LogBatch, MetricPoint } from './run.ts'
import type { TrackingStore } from './tracking-store.ts'

const by: Actor = { name: 'ana', from: 'test' }
const empty: LogBatch = { metrics: [], parameters: [], tags: {} }

function point(key: string, value: number, step = 0): MetricPoint {
  return { key, value, timestampMs: 1_000 + step, step }
}

describe.each(DIALECTS)('tracking store on %s', (dialect) => {
  let scene: TestDatabase
  let store: TrackingStore
  let nowMs = 1_000_000
  const told: Change[] = []
  beforeAll(async () => {
    scene = await createTestDatabase(dialect)
    store = await createTrackingStore(await scene.open(), {
      clock: { now: () => nowMs++ },
      defaultArtifactRoot: 'mlflow-artifacts:/',
      listener: async (_, changes) => {
        told.push(...changes)
      },
    })
  })
  afterAll(() => scene.dispose())

  const newRun = (experimentId = '0') => store.createRun(by, { experimentId })

  describe('experiments', () => {
    it('begin with "Default", whose id is 0', async () => {
      expect(await store.experiment('0')).toMatchObject({
        id: '0',
        name: 'Default',
        project: 'default',
        artifactLocation: 'mlflow-artifacts:/0',
        lifecycle: 'active',
        tags: {},
      })
    })

    it('are made, found, renamed, tagged, deleted and restored', async () => {
      const made = await store.createExperiment(by, {
        name: 'churn',
        project: 'risk',
        tags: { team: 'a', 'b c': 'd' },
      })
      expect(made.artifactLocation).toBe(`mlflow-artifacts:/${made.id}`)
      expect(await store.experiment(made.id)).toEqual(made)
      expect(await store.findExperimentByName('churn')).toEqual(made)
      expect(await store.findExperimentByName('nothing')).toBeUndefined()
      await store.renameExperiment(by, made.id, 'churn 2')
      await store.setExperimentTags(by, made.id, { team: 'z' })
      await store.deleteExperimentTag(by, made.id, 'b c')
      expect(await store.experiment(made.id)).toMatchObject({
        name: 'churn 2',
        tags: { team: 'z' },
      })
      const missing = store.deleteExperimentTag(by, made.id, 'b c')
      await expect(missing).rejects.toMatchObject({ code: 'TAG_NOT_FOUND' })
      const run = await newRun(made.id)
      await store.setExperimentLifecycle(by, made.id, 'deleted')
      expect((await store.run(run.id)).lifecycle).toBe('deleted')
      await expect(newRun(made.id)).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_ACTIVE' })
      const again = store.setExperimentLifecycle(by, made.id, 'deleted')
      await expect(again).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_FOUND' })
      await store.setExperimentLifecycle(by, made.id, 'active')
      expect((await store.run(run.id)).lifecycle).toBe('active')
    })

    it('keep their names to themselves', async () => {
      const twice = store.createExperiment(by, { name: 'Default', project: 'p' })
      await expect(twice).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS' })
      const other = await store.createExperiment(by, { name: 'other', project: 'p' })
      const renaming = store.renameExperiment(by, other.id, 'Default')
      await expect(renaming).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS' })
    })

    it.each(['abc', '', '1; DROP TABLE runs', '9'.repeat(30), '\0', '1.5'])(
      'refuse the id %j',
      async (id) => {
        const asked = store.experiment(id)
        await expect(asked).rejects.toMatchObject({ code: 'EXPERIMENT_ID_INVALID' })
      },
    )
  })

  describe('runs', () => {
    it('are made with a memorable name, which is a tag too', async () => {
      const run = await store.createRun(by, { experimentId: '0', tags: { a: 'b' } })
      expect(run.name).toMatch(/^[a-z]+-[a-z]+-\d+$/)
      expect(run.tags).toEqual({ a: 'b', 'mlflow.runName': run.name })
      expect(run.artifactUri).toBe(`mlflow-artifacts:/0/${run.id}/artifacts`)
      expect(await store.run(run.id)).toEqual(run)
      expect(await store.runOwner(run.id)).toEqual({ experimentId: '0', project: 'default' })
    })

    it('are renamed by change and by tag', async () => {
      const { id } = await store.createRun(by, { experimentId: '0', name: 'first' })
      await store.updateRun(by, id, { name: 'second', status: 'FINISHED', endedAtMs: 7 })
      expect(await store.run(id)).toMatchObject({
        name: 'second',
        status: 'FINISHED',
        endedAtMs: 7,
        tags: { 'mlflow.runName': 'second' },
      })
      await store.logBatch(by, id, { ...empty, tags: { 'mlflow.runName': 'third' } })
      expect((await store.run(id)).name).toBe('third')
      const two = { experimentId: '0', name: 'a', tags: { 'mlflow.runName': 'b' } }
      await expect(store.createRun(by, two)).rejects.toMatchObject({ code: 'RUN_NAMES_DIFFER' })
    })

    it('take no entries once deleted', async () => {
      const { id } = await newRun()
      await store.setRunLifecycle(by, id, 'deleted')
      const logging = store.logBatch(by, id, { ...empty, tags: { a: 'b' } })
      await expect(logging).rejects.toMatchObject({ code: 'RUN_NOT_ACTIVE' })
      await store.setRunLifecycle(by, id, 'active')
      await store.logBatch(by, id, { ...empty, tags: { a: 'b' } })
      await store.deleteRunTag(by, id, 'a')
      const missing = store.deleteRunTag(by, id, 'a')
      await expect(missing).rejects.toMatchObject({ code: 'TAG_NOT_FOUND' })
    })

    it.each(['nothing', '', "' OR 1=1", '\0', '../..'])('are not found as %j', async (id) => {
      const asked = await Promise.allSettled([
        store.run(id),
        store.runOwner(id),
        store.logBatch(by, id, empty),
      ])
      for (const one of asked)
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'RUN_NOT_FOUND' } })
    })

    it('keep hostile keys and values as they are', async () => {
      const { id } = await newRun()
      const value = `'; DROP TABLE runs; -- " \\ % _ * ? [ ${'ä𝄞'.repeat(50)}`
      const parameters = [{ key: '__proto__', value }]
      await store.logBatch(by, id, { metrics: [], parameters, tags: { constructor: value } })
      const run = await store.run(id)
      expect(run.parameters).toEqual(parameters)
      expect(run.tags.constructor).toBe(value)
    })
  })

  describe('batches', () => {
    it('keep the newest point of each metric by step, time, value', async () => {
      const { id } = await newRun()
      const metrics = [
        point('m', 1, 5),
        point('m', 2, 3),
        point('nan', Number.NaN),
        point('m', 1, 5),
      ]
      await store.logBatch(by, id, { ...empty, metrics })
      await store.logBatch(by, id, {
        ...empty,
        metrics: [point('m', 3, 4), point('inf', -Infinity)],
      })
      const run = await store.run(id)
      expect(new Map(run.metrics.map(({ key, value }) => [key, value]))).toEqual(
        new Map([
          ['m', 1],
          ['nan', Number.NaN],
          ['inf', -1.7976931348623157e308],
        ]),
      )
      const history = await store.metricHistory({ runId: id, key: 'm' })
      expect(history.items.map(({ step }) => step)).toEqual([3, 4, 5])
    })

    it('keep doubles to the last bit', async () => {
      const { id } = await newRun()
      const values = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789.12345679]
      await store.logBatch(by, id, { ...empty, metrics: values.map((v, i) => point('m', v, i)) })
      const { items } = await store.metricHistory({ runId: id, key: 'm' })
      expect(items.map(({ value }) => value)).toEqual(values)
    })

    it('fail alone, and nothing of them is kept', async () => {
      const { id } = await newRun()
      const good = await newRun()
      await store.logBatch(by, id, { ...empty, parameters: [{ key: 'p', value: '1' }] })
      const outcomes = await Promise.allSettled([
        store.logBatch(by, good.id, { ...empty, tags: { ok: '1' } }),
        store.logBatch(by, id, {
          metrics: [point('m', 1)],
          parameters: [{ key: 'p', value: '2' }],
          tags: { t: 'u' },
        }),
        store.logBatch(by, 'absent', { ...empty, metrics: [point('m', 1)] }),
        store.logBatch(by, id, { ...empty, metrics: [{ ...point('m', 1), modelId: 'm-absent' }] }),
        store.logBatch(by, good.id, { ...empty, parameters: [{ key: 'x', value: 'a' }] }),
        store.logBatch(by, good.id, { ...empty, parameters: [{ key: 'x', value: 'b' }] }),
      ])
      const codes = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'kept'))
      expect(codes).toEqual([
        'kept',
        'PARAMETER_CHANGED',
        'RUN_NOT_FOUND',
        'LOGGED_MODEL_NOT_FOUND',
        'kept',
        'PARAMETER_CHANGED',
      ])
      expect(await store.run(id)).toMatchObject({
        metrics: [],
        parameters: [{ key: 'p', value: '1' }],
      })
      expect((await store.run(good.id)).tags.ok).toBe('1')
    })

    it('may repeat a parameter with the same value', async () => {
      const { id } = await newRun()
      const batch = { ...empty, parameters: [{ key: 'p', value: '1' }] }
      await Promise.all([store.logBatch(by, id, batch), store.logBatch(by, id, batch)])
      expect((await store.run(id)).parameters).toEqual(batch.parameters)
    })

    it.each<[string, Partial<LogBatch>]>([
      ['METRIC_INVALID', { metrics: [{ ...point('m', 1), step: 1.5 }] }],
      ['METRIC_INVALID', { metrics: [{ ...point('m', 1), timestampMs: -1 }] }],
      ['NAME_INVALID', { metrics: [point('../m', 1)] }],
      ['NAME_INVALID', { metrics: [point('a\nb', 1)] }],
      ['NAME_INVALID', { metrics: [point('', 1)] }],
      ['NAME_INVALID', { tags: { '/abs': 'x' } }],
      ['NAME_INVALID', { tags: { 'a\0': 'x' } }],
      ['ENTRY_TOO_LONG', { parameters: [{ key: 'p', value: 'x'.repeat(6_001) }] }],
      ['ENTRY_TOO_LONG', { tags: { ['k'.repeat(251)]: 'x' } }],
      ['ENTRY_UNREADABLE', { tags: { k: 'a\0b' } }],
      [
        'PARAMETER_TWICE',
        {
          parameters: [
            { key: 'p', value: '1' },
            { key: 'p', value: '2' },
          ],
        },
      ],
      [
        'LOG_BATCH_TOO_LARGE',
        { metrics: Array.from({ length: 1_001 }, (_, i) => point('m', i, i)) },
      ],
    ])('are refused with %s (%#)', async (code, part) => {
      const { id } = await newRun()
      await expect(store.logBatch(by, id, { ...empty, ...part })).rejects.toMatchObject({ code })
    })

    it('tell the listener once each, with a digest of what was logged', async () => {
      const { id } = await newRun()
      told.length = 0
      await store.logBatch(by, id, { ...empty, metrics: [point('m', 1)] })
      expect(told).toEqual([
        {
          actor: by,
          action: 'run.log',
          subject: `run/${id}`,
          project: 'default',
          before: null,
          after: expect.stringMatching(/^[0-9a-f]{64}$/),
          reason: null,
        },
      ])
    })

    it('of many clients at once are all kept', async () => {
      const runs = await Promise.all(Array.from({ length: 10 }, () => newRun()))
      const batches = Array.from({ length: 400 }, (_, i) =>
        store.logBatch(by, runs[i % 10]?.id ?? '', { ...empty, metrics: [point('m', i, i)] }),
      )
      await Promise.all(batches)
      const counts = runs.map(async ({ id }) => store.metricHistory({ runId: id, key: 'm' }))
      for (const { items } of await Promise.all(counts)) expect(items).toHaveLength(40)
    })
  })

  it('is written by several servers at once, and a parameter is still set once only', async () => {
    const other = await createTrackingStore(await scene.open(), {
      clock: { now: () => nowMs++ },
      defaultArtifactRoot: 'mlflow-artifacts:/',
    })
    const runs = await Promise.all(Array.from({ length: 6 }, () => newRun()))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, (_, i) =>
        (i % 2 ? store : other).logBatch(by, runs[i % 6]?.id ?? '', {
          metrics: [point('shared', i, i), point(`own ${i}`, i)],
          parameters: i < 12 ? [{ key: 'p', value: String(i) }] : [],
          tags: { last: String(i) },
        }),
      ),
    )
    const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(failed).toEqual(Array.from({ length: 6 }, () => 'PARAMETER_CHANGED'))
    for (const { id } of runs) {
      expect((await other.run(id)).parameters).toHaveLength(1)
      expect((await other.metricHistory({ runId: id, key: 'shared' })).items).toHaveLength(19)
    }
  })

  describe('history', () => {
    it('comes in pages, by time', async () => {
      const { id } = await newRun()
      const metrics = Array.from({ length: 25 }, (_, i) => point('m', i % 7, i))
      await store.logBatch(by, id, { ...empty, metrics: metrics.toReversed() })
      const seen: MetricPoint[] = []
      let pageToken: string | undefined
      do {
        const page = await store.metricHistory({ runId: id, key: 'm', maxResults: 10, pageToken })
        seen.push(...page.items)
        pageToken = page.nextPageToken
      } while (pageToken)
      expect(seen).toEqual(metrics)
    })

    it('is sampled evenly with its ends', async () => {
      const { id } = await newRun()
      const metrics = Array.from({ length: 1_000 }, (_, i) => point('m', Math.sin(i), i))
      await store.logBatch(by, id, { ...empty, metrics })
      const sample = { runIds: [id], key: 'm', maxPointsPerRun: 11 }
      const steps = (await store.sampleMetricHistory(sample)).map(({ step }) => step)
      expect(steps).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 999])
      const part = await store.sampleMetricHistory({ ...sample, startStep: 5, endStep: 8 })
      expect(part.map(({ step }) => step)).toEqual([5, 6, 7, 8])
    })

    it('is sampled over time where all points share a step', async () => {
      const { id } = await newRun()
      const metrics = Array.from({ length: 500 }, (_, i) => ({ ...point('m', i), timestampMs: i }))
      await store.logBatch(by, id, { ...empty, metrics })
      const sample = { runIds: [id], key: 'm', maxPointsPerRun: 10 }
      const times = (await store.sampleMetricHistory(sample)).map(({ timestampMs }) => timestampMs)
      expect(times.length).toBeGreaterThan(7)
      expect(times.length).toBeLessThanOrEqual(10)
      expect([times[0], times.at(-1)]).toEqual([0, 499])
    })
  })

  describe('inputs, outputs and logged models', () => {
    it('belong to their run', async () => {
      const run = await newRun()
      const model = await store.createLoggedModel(by, {
        experimentId: '0',
        name: 'model',
        sourceRunId: run.id,
        parameters: [{ key: 'depth', value: '3' }],
        tags: { a: 'b' },
      })
      expect(model.artifactUri).toBe(`mlflow-artifacts:/0/models/${model.id}/artifacts`)
      const dataset = { name: 'd', digest: '1', sourceType: 'local', source: '{}' }
      const whole = {
        ...dataset,
        schema: null,
        profile: null,
        tags: { 'mlflow.data.context': 'eval' },
      }
      for (let i = 0; i < 2; i++)
        await store.logInputs(by, run.id, { datasets: [whole], modelIds: [model.id] })
      await store.logOutputs(by, run.id, [{ modelId: model.id, step: 2 }])
      expect(await store.run(run.id)).toMatchObject({
        datasets: [whole],
        modelInputs: [{ modelId: model.id }],
        modelOutputs: [{ modelId: model.id, step: 2 }],
      })
      const summary = { experimentId: '0', name: 'd', digest: '1', context: 'eval' }
      expect(await store.searchDatasets(['0'])).toEqual([summary])
      const metric = {
        ...point('acc', 0.9),
        modelId: model.id,
        datasetName: 'd',
        datasetDigest: '1',
      }
      await store.logBatch(by, run.id, { ...empty, metrics: [metric] })
      const ready = await store.finalizeLoggedModel(by, model.id, 'READY')
      expect(ready).toMatchObject({ status: 'READY', metrics: [{ ...metric, runId: run.id }] })
      expect((await store.setLoggedModelTags(by, model.id, { a: 'c' })).tags).toEqual({ a: 'c' })
      await store.deleteLoggedModelTag(by, model.id, 'a')
      await store.logLoggedModelParameters(by, model.id, [{ key: 'lr', value: '1' }])
      const changed = store.logLoggedModelParameters(by, model.id, [{ key: 'lr', value: '2' }])
      await expect(changed).rejects.toMatchObject({ code: 'PARAMETER_CHANGED' })
      const search = { experimentIds: ['0'], maxResults: 10 }
      const find = async (filter: string) =>
        (await store.searchLoggedModels({ ...search, filter })).items.map(({ id }) => id)
      expect(await find(`name = 'model' AND metrics.acc > 0.5 AND params.lr = '1'`)).toEqual([
        model.id,
      ])
      expect(await find(`metrics.acc > 0.95`)).toEqual([])
      const ordered = await store.searchLoggedModels({
        ...search,
        datasets: [{ name: 'd' }],
        orderBy: [{ term: 'metrics.acc DESC', dataset: { name: 'd', digest: '1' } }, 'name'],
      })
      expect(ordered.items.map(({ id }) => id)).toEqual([model.id])
      await store.deleteLoggedModel(by, model.id)
      const gone = store.loggedModel(model.id)
      await expect(gone).rejects.toMatchObject({ code: 'LOGGED_MODEL_NOT_FOUND' })
    })
  })
})
