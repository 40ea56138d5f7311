import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Change, Database } from '../../../platform/database/index.ts'
import {
  createTestDatabase,
  DIALECTS,
  type FixedClock,
  fixedClock,
  type TestDatabase,
} from '../../../testkit/index.ts'
import { createModelCatalog, importVersion, type ModelCatalog, type Stage } from './index.ts'

const ana = { name: 'ana', from: 'cli' }

describe.each(DIALECTS)('versions brought over to %s', (dialect) => {
  let scene: TestDatabase
  let database: Database
  let clock: FixedClock
  let changes: Change[]
  let catalog: ModelCatalog
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    database = await scene.open()
    clock = fixedClock()
    changes = []
    catalog = createModelCatalog(database, { clock })
    await catalog.createModel(ana, { name: 'churn', project: 'default', createdAtMs: 5 })
  })
  afterEach(() => scene.dispose())

  const bring = (version: number, stage: Stage, extra = {}) =>
    importVersion(database, {
      by: ana,
      nowMs: clock.now(),
      listener: async (_, told) => void changes.push(...told),
      given: {
        model: 'churn',
        version,
        stage,
        status: 'READY',
        source: 'mlflow-artifacts:/1/abc/artifacts/model',
        artifactUri: 'mlflow-artifacts:/1/abc/artifacts/model',
        user: 'eva',
        createdAtMs: 1_000 + version,
        tags: { a: '1' },
        reason: 'imported',
        ...extra,
      },
    })

  it('keep number, time, stage and gaps; the next one here follows the highest', async () => {
    expect((await catalog.model('churn')).createdAtMs).toBe(5)
    expect(await bring(2, 'Production')).toBe(true)
    expect(await bring(5, 'Staging', { status: 'FAILED_REGISTRATION' })).toBe(true)
    expect(await catalog.version('churn', 2)).toMatchObject({
      stage: 'Production',
      environments: ['production'],
      createdAtMs: 1_002,
      user: 'eva',
      tags: { a: '1' },
    })
    expect(await catalog.version('churn', 5)).toMatchObject({ status: 'FAILED_REGISTRATION' })
    const next = await catalog.createVersion(ana, {
      model: 'churn',
      source: 's',
      artifactUri: 's',
      user: 'ana',
    })
    expect(next.version).toBe(6)
  })

  it('change nothing when brought again, and only what changed since', async () => {
    await bring(1, 'Production')
    const told = changes.length
    expect(await bring(1, 'Production')).toBe(false)
    expect(changes).toHaveLength(told)
    expect(await bring(1, 'Archived', { description: 'old', tags: { a: '2' } })).toBe(true)
    expect(await catalog.version('churn', 1)).toMatchObject({
      stage: 'Archived',
      environments: [],
      description: 'old',
      tags: { a: '2' },
    })
    expect(changes.at(-1)).toMatchObject({ action: 'version.import', reason: 'imported' })
  })

  it('may share a stage; the newest of them stands in its environment', async () => {
    await bring(1, 'Production')
    await bring(2, 'Production')
    expect((await catalog.version('churn', 1)).stage).toBe('Production')
    expect((await catalog.version('churn', 1)).environments).toEqual([])
    expect((await catalog.version('churn', 2)).environments).toEqual(['production'])
  })

  it('are refused when the number is another version, or was deleted', async () => {
    await bring(1, 'None')
    await expect(bring(1, 'None', { source: 'elsewhere' })).rejects.toMatchObject({
      code: 'VERSION_RECORDED',
    })
    await catalog.deleteVersion(ana, 'churn', 1)
    await expect(bring(1, 'None')).rejects.toMatchObject({ code: 'VERSION_RECORDED' })
  })
})
