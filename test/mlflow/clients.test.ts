import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/platform/database/index.ts'
import { openServer, type TestServer } from './open-server.ts'
import { type ClientVersion, clientPython, runClient } from './run-client.ts'

const MAKING_ENVIRONMENTS_MS = 900_000
const ONE_PROGRAM_MS = 180_000

const PAIRS: readonly (readonly [Dialect, ClientVersion])[] = [
  ['sqlite', '3'],
  ['postgres', '3'],
  ['sqlite', '2'],
  ['postgres', '2'],
]

describe.each(PAIRS)(
  'on %s, the MLflow %s client',
  { timeout: ONE_PROGRAM_MS },
  (dialect, version) => {
    let served: TestServer
    beforeAll(async () => {
      await clientPython(version)
      served = await openServer(dialect)
    }, MAKING_ENVIRONMENTS_MS)
    afterAll(() => served.dispose())

    const run = (program: string) => runClient({ version, program, url: served.url })

    it('logs and finds by the fluent API', async () => {
      const facts = await run('fluent.py')
      expect(facts).toMatchObject({
        experiment: { name: 'fluent', stage: 'active' },
        again: true,
        run: {
          status: 'FINISHED',
          name: 'parent',
          ended: true,
          params: { depth: '3', eta: '0.1', name: 'Zoë / ünïcode', empty: '' },
          metrics: {
            loss: '0.2',
            rmse: '0.5',
            'not a number': 'nan',
            endless: '1.7976931348623157e+308',
          },
          tags: expect.objectContaining({ kind: 'outer', colour: 'blue', a: '1' }),
          datasets: [
            { name: 'small', digest: true, tags: expect.objectContaining({ split: 'all' }) },
          ],
        },
        topArtifacts: ['folder', 'notes', 'plots'],
        downloaded: {
          'one.txt': 'one.txt',
          'deep/two.txt': 'deep/two.txt',
          'deep/er/drei ü.txt': 'deep/er/drei ü.txt',
        },
        text: 'hello',
        dict: { k: [1, 2] },
        children: ['child-1', 'child-0'],
        found: 1,
        experiments: ['Default', 'fluent'],
        broken: 'FAILED',
        resumed: 1,
        afterDelete: 3,
        alarms: [],
      })
      expect(facts.run).not.toMatchObject({ tags: { b: '2' } })
      expect(served.faults).toEqual([])
    })

    it('keeps histories, pages and deletions, and says each mistake by its code', async () => {
      const facts = await run('client.py')
      expect(facts).toMatchObject({
        experiment: { byName: true, tags: 'tests', missing: null, default: 'Default' },
        renamed: 'client renamed',
        history: { points: 600, last: [599, 358_801], newest: 358_801, unknown: 0 },
        counts: [100, true],
        updated: ['FAILED', 'renamed'],
        terminated: ['KILLED', 1_700_000_000_000, 1_700_000_100_000],
        pages: { count: 18, pages: 5, sorted: true },
        deletedRun: ['deleted', 0, 1],
        restoredRun: 'active',
        deletedExperiment: 'deleted',
        restoredExperiment: 'active',
      })
      expect(facts).toMatchObject({
        logToDeleted: 'INVALID_PARAMETER_VALUE',
        runInDeleted: 'INVALID_PARAMETER_VALUE',
        nameOfDeleted: 'RESOURCE_ALREADY_EXISTS',
        experimentNotFound: 'RESOURCE_DOES_NOT_EXIST',
        experimentExists: 'RESOURCE_ALREADY_EXISTS',
        runNotFound: 'RESOURCE_DOES_NOT_EXIST',
        runInNowhere: 'RESOURCE_DOES_NOT_EXIST',
        paramChanged: 'INVALID_PARAMETER_VALUE',
        metricKey: 'INVALID_PARAMETER_VALUE',
        longKey: 'INVALID_PARAMETER_VALUE',
        badFilter: 'INVALID_PARAMETER_VALUE',
        badOrder: 'INVALID_PARAMETER_VALUE',
        tooMany: 'INVALID_PARAMETER_VALUE',
        localRoot: 'INVALID_PARAMETER_VALUE',
        tagNotThere: 'RESOURCE_DOES_NOT_EXIST',
        modelExists: 'RESOURCE_ALREADY_EXISTS',
        modelNotFound: 'RESOURCE_DOES_NOT_EXIST',
        modelName: 'INVALID_PARAMETER_VALUE',
        foreignSource: 'INVALID_PARAMETER_VALUE',
        localSource: 'INVALID_PARAMETER_VALUE',
        metadataSource: 'INVALID_PARAMETER_VALUE',
        versionNotFound: 'RESOURCE_DOES_NOT_EXIST',
        versionInvalid: 'INVALID_PARAMETER_VALUE',
        aliasNotFound: 'INVALID_PARAMETER_VALUE',
        aliasName: 'INVALID_PARAMETER_VALUE',
        stageUnknown: 'INVALID_PARAMETER_VALUE',
        deletedVersion: 'RESOURCE_DOES_NOT_EXIST',
        deletedModel: 'RESOURCE_DOES_NOT_EXIST',
      })
      expect(facts).toMatchObject({
        alias: [3, ['champion', 'old'], ['champion']],
        modelVersion: {
          description: 'the first',
          tags: { checked: 'yes' },
          run: true,
          status: 'READY',
          stage: 'None',
          uri: true,
        },
        stage: 'Archived',
        latest: [
          ['Archived', 1],
          ['None', 3],
        ],
        searchVersions: [1, 2, 3],
        searchByRun: 3,
        searchModels: ['Churn'],
        searchModelTag: ['Churn'],
        model: ['renamed', { k: 'v' }, ['champion']],
        alarms: [],
      })
      if (version === '3') {
        expect(facts).toMatchObject({
          prompt: 'NOT_IMPLEMENTED',
          traces: 'ENDPOINT_NOT_FOUND',
          dataset: 'ENDPOINT_NOT_FOUND',
          webhook: 'ENDPOINT_NOT_FOUND',
        })
      }
      expect(served.faults).toEqual([])
    })

    it('logs models, by itself and by hand, and loads them by every name they have', async () => {
      const facts = await run('models.py')
      expect(facts).toMatchObject({
        sklearn: { params: '50', metrics: true, datasets: 1, status: 'FINISHED' },
        xgboost: { params: '2', points: 6, status: 'FINISHED' },
        registered: [1, 2],
        loaded: { byRun: true, byVersion: true, byAlias: true, latest: true },
        alarms: [],
      })
      if (version === '3') {
        expect(facts).toMatchObject({
          loaded: { byModel: true },
          loggedModels: {
            found: 1,
            status: 'READY',
            params: { c: '1.0' },
            metrics: ['accuracy'],
            versions: true,
            source: true,
          },
          byMetric: ['trees', 'clf'],
          outputs: 2,
          external: ['READY', { k: 'v', more: '1' }, false],
          deletedModel: 0,
          modelNotFound: 'RESOURCE_DOES_NOT_EXIST',
        })
      }
      expect(served.faults).toEqual([])
    })

    it('loses nothing when threads and processes log at once', async () => {
      const facts = await run('concurrent_loggers.py')
      expect(facts).toMatchObject({
        shared: 60,
        own: [10, 10, 10, 10, 10, 10],
        tags: ['9', '9', '9', '9', '9', '9'],
        params: 6,
        alarms: [],
      })
      expect(served.faults).toEqual([])
    })
  },
)
