import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ArtifactFiles, openArtifactFiles } from '../../platform/artifact-files/index.ts'
import type { Database } from '../../platform/database/index.ts'
import { createTrackingStore, type TrackingStore } from '../../platform/tracking/index.ts'
import { createModelCatalog, type ModelCatalog } from '../../stages/registry/catalog/index.ts'
import {
  createTestDatabase,
  DIALECTS,
  type FixedClock,
  fixedClock,
  type TestDatabase,
} from '../../testkit/index.ts'
import { collectGarbage, planGarbage } from './index.ts'

const DAY_MS = 86_400_000
const by = { name: 'ana', from: 'cli' }
const ROWS = [
  'runs',
  'metrics',
  'latest_metrics',
  'run_parameters',
  'run_tags',
  'run_datasets',
  'run_model_inputs',
  'run_model_outputs',
  'logged_models',
  'logged_model_parameters',
  'logged_model_tags',
  'logged_model_metrics',
  'experiment_tags',
  'datasets',
  'garbage_claims',
  'catalog_versions',
  'catalog_version_tags',
  'catalog_models',
  'catalog_model_tags',
]

describe.each(DIALECTS)('garbage on %s', (dialect) => {
  let scene: TestDatabase
  let database: Database
  let clock: FixedClock
  let folder: string
  let files: ArtifactFiles
  let tracking: TrackingStore
  let catalog: ModelCatalog

  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    database = await scene.open()
    // The files of the test get the real time, and what is younger than the cutoff is no orphan.
    clock = fixedClock(Date.now() + DAY_MS)
    folder = mkdtempSync(join(tmpdir(), 'esteira-garbage-'))
    files = await openArtifactFiles(folder)
    tracking = await createTrackingStore(database, {
      clock,
      defaultArtifactRoot: 'mlflow-artifacts:/',
    })
    catalog = createModelCatalog(database, { clock })
  })
  afterEach(async () => {
    await scene.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  const context = () => ({ database, clock, files, by, catalog })
  const write = (path: string) => files.put(path, Readable.from(['content']))

  async function logRun(experimentId: string): Promise<string> {
    const { id, artifactUri } = await tracking.createRun(by, { experimentId, tags: { a: '1' } })
    const metrics = [1, 2, 3].map((step) => ({ key: 'm', value: step, timestampMs: step, step }))
    await tracking.logBatch(by, id, {
      metrics,
      parameters: [{ key: 'p', value: '1' }],
      tags: { t: '2' },
    })
    const dataset = { name: 'd', digest: 'x', sourceType: 'local', source: '{}' }
    await tracking.logInputs(by, id, {
      datasets: [{ ...dataset, schema: null, profile: null, tags: {} }],
      modelIds: [],
    })
    await write(`${artifactUri.replace('mlflow-artifacts:/', '')}/deep/model.onnx`)
    return id
  }

  async function logModel(experimentId: string): Promise<string> {
    const { id, artifactUri } = await tracking.createLoggedModel(by, {
      experimentId,
      tags: { t: '1' },
      parameters: [{ key: 'p', value: '1' }],
    })
    await write(`${artifactUri.replace('mlflow-artifacts:/', '')}/MLmodel`)
    return id
  }

  async function filePaths(): Promise<string[]> {
    const paths: string[] = []
    for await (const { path } of files.walk('')) paths.push(path)
    return paths.sort()
  }

  async function rowCounts(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const table of ROWS) {
      const { rows } = await sql<{
        n: number
      }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(database.queries)
      counts[table] = Number(rows[0]?.n)
    }
    return counts
  }

  /** Runs, models and versions of which some are deleted, beside one of each that stays. */
  async function fillAndDelete(): Promise<{ kept: string; before: Record<string, number> }> {
    const kept = await logRun('0')
    await logModel('0')
    const before = await rowCounts()
    const doomed = await tracking.createExperiment(by, { name: 'doomed', project: 'default' })
    await tracking.setExperimentTags(by, doomed.id, { t: '1' })
    await logRun(doomed.id)
    await logModel(doomed.id)
    await tracking.setExperimentLifecycle(by, doomed.id, 'deleted')
    for (let i = 0; i < 3; i++) {
      await tracking.setRunLifecycle(by, await logRun('0'), 'deleted')
      await tracking.deleteLoggedModel(by, await logModel('0'))
    }
    await catalog.createModel(by, { name: 'gone', project: 'default', tags: { t: '1' } })
    const source = 's3://elsewhere/model'
    const tags = { t: '1' }
    await catalog.createVersion(by, {
      model: 'gone',
      source,
      artifactUri: source,
      user: 'ana',
      tags,
    })
    await catalog.deleteModel(by, 'gone')
    return { kept, before }
  }

  it('plans without changing anything, and keeps what was deleted lately', async () => {
    await fillAndDelete()
    const [rows, paths] = [await rowCounts(), await filePaths()]
    const early = await planGarbage(context())
    expect([early.runs, early.loggedModels, early.experiments, early.versions]).toEqual([
      [],
      [],
      [],
      [],
    ])
    clock.advance(31 * DAY_MS)
    const plan = await planGarbage(context())
    expect(plan.runs).toHaveLength(4)
    expect(plan.loggedModels).toHaveLength(4)
    expect(plan.experiments).toHaveLength(1)
    expect(plan.versions).toMatchObject([{ model: 'gone', version: 1 }])
    expect(plan.models).toMatchObject([{ name: 'gone' }])
    expect(plan.orphans).toEqual([])
    expect(await rowCounts()).toEqual(rows)
    expect(await filePaths()).toEqual(paths)
  })

  it('leaves no row and no file of what was deleted', async () => {
    const { kept, before } = await fillAndDelete()
    clock.advance(31 * DAY_MS)
    const collected = await collectGarbage(context(), await planGarbage(context()))
    expect(collected).toEqual({
      runs: 4,
      loggedModels: 4,
      experiments: 1,
      versions: 1,
      models: 1,
      outdated: 0,
      files: 8,
      skipped: [],
    })
    expect(await rowCounts()).toEqual(before)
    expect(await filePaths()).toHaveLength(2)
    expect((await tracking.run(kept)).metrics).toHaveLength(1)
    const again = await planGarbage(context())
    expect(Object.values(again).flat()).toEqual([])
  })

  it.each([0, 1, 3, 7])('ends what was cut off before delete %i', async (survived) => {
    const { before } = await fillAndDelete()
    clock.advance(31 * DAY_MS)
    let calls = 0
    const failing = {
      walk: (prefix: string) => files.walk(prefix),
      delete: async (path: string) => {
        if (calls++ === survived) throw new Error('killed')
        return files.delete(path)
      },
    }
    const cut = { ...context(), files: failing }
    await expect(collectGarbage(cut, await planGarbage(cut))).rejects.toThrow('killed')
    const rest = await planGarbage(context())
    expect(rest.unfinished).toHaveLength(1)
    expect(rest.orphans).toEqual([])
    await collectGarbage(context(), rest)
    expect(await rowCounts()).toEqual(before)
    expect(await filePaths()).toHaveLength(2)
  })

  it('keeps what a registered version points into, and says so', async () => {
    const run = await logRun('0')
    const { artifactUri } = await tracking.run(run)
    await catalog.createModel(by, { name: 'churn', project: 'default' })
    const source = `${artifactUri}/deep`
    await catalog.createVersion(by, { model: 'churn', source, artifactUri: source, user: 'ana' })
    await tracking.setRunLifecycle(by, run, 'deleted')
    clock.advance(31 * DAY_MS)
    const plan = await planGarbage(context())
    expect(plan.runs).toEqual([])
    expect(plan.kept).toEqual([{ what: `run ${run}`, because: 'version 1 of "churn" needs it' }])
  })

  it('leaves alone what was brought back after the plan', async () => {
    const run = await logRun('0')
    await tracking.setRunLifecycle(by, run, 'deleted')
    clock.advance(31 * DAY_MS)
    const plan = await planGarbage(context())
    await tracking.setRunLifecycle(by, run, 'active')
    const collected = await collectGarbage(context(), plan)
    expect(collected).toMatchObject({ runs: 0, files: 0, skipped: [`run/${run}`] })
    expect(await filePaths()).toHaveLength(1)
  })

  it('finds files that no row names', async () => {
    await logRun('0')
    await write('7/nobody/artifacts/lost.bin')
    const plan = await planGarbage(context(), { olderThanMs: 0 })
    expect(plan.orphans).toEqual([{ path: '7/nobody/artifacts/lost.bin', bytes: 7 }])
    expect((await collectGarbage(context(), plan)).files).toBe(1)
    expect(await filePaths()).toHaveLength(1)
  })

  it('keeps the newest versions, and those in use', async () => {
    await catalog.createModel(by, { name: 'churn', project: 'default' })
    const source = 's3://elsewhere/model'
    const given = { model: 'churn', source, artifactUri: source, user: 'ana' }
    for (let i = 0; i < 5; i++) await catalog.createVersion(by, given)
    await catalog.setAlias(by, { model: 'churn', alias: 'champion', version: 1 })
    const plan = await planGarbage(context(), { keepVersions: 2 })
    expect(plan.outdated.map(({ version }) => version)).toEqual([3, 2])
    expect((await collectGarbage(context(), plan)).outdated).toBe(2)
    const left = (await catalog.searchVersions({ maxResults: 10 })).items
    expect(left.map(({ version }) => version)).toEqual([5, 4, 1])
  })
})
