import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Change, Database } from '../../../platform/database/index.ts'
import {
  createTestDatabase,
  DIALECTS,
  type FixedClock,
  fixedClock,
  type TestDatabase,
} from '../../../testkit/index.ts'
import { createModelCatalog, type ModelCatalog } from './index.ts'

const ana = { name: 'ana', from: '10.0.0.7' }
const project = 'default'

describe.each(DIALECTS)('model catalog on %s', (dialect) => {
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
    catalog = createModelCatalog(database, {
      clock,
      listener: async (_, told) => {
        changes.push(...told)
      },
    })
  })
  afterEach(() => scene.dispose())

  const register = (model = 'churn', extra = {}) =>
    catalog.createVersion(ana, {
      model,
      source: 'mlflow-artifacts:/1/abc/artifacts/model',
      artifactUri: 'mlflow-artifacts:/1/abc/artifacts/model',
      user: 'ana',
      ...extra,
    })
  const create = (name = 'churn') => catalog.createModel(ana, { name, project })

  it('keeps a model with its description and tags', async () => {
    const tags = { team: 'growth', __proto__x: '1' }
    const created = await catalog.createModel(ana, {
      name: 'churn',
      project,
      description: 'who leaves',
      tags,
    })
    expect(created).toEqual({
      name: 'churn',
      project,
      description: 'who leaves',
      createdAtMs: clock.now(),
      updatedAtMs: clock.now(),
      tags,
      aliases: [],
      latestVersions: [],
    })
    expect(await catalog.model('churn')).toEqual(created)
    expect(await catalog.findModel('chrun')).toBeUndefined()
    await expect(catalog.model('chrun')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      hint: 'Search the registered models for its name.',
    })
    await expect(create()).rejects.toMatchObject({ code: 'MODEL_EXISTS' })
    expect(changes.map(({ action }) => action)).toEqual(['model.create'])
  })

  it.each(['', '  ', 'a/b', 'a:b', '..', 'a\0b', 'x'.repeat(257)])(
    'refuses the name %j',
    async (name) => {
      await expect(create(name)).rejects.toMatchObject({ code: 'MODEL_NAME_INVALID' })
      await expect(catalog.model(name)).rejects.toMatchObject({ code: 'MODEL_NAME_INVALID' })
    },
  )

  it('renames a model with all that hangs on it', async () => {
    await create()
    await create('taken')
    await register()
    await catalog.setAlias(ana, { model: 'churn', alias: 'champion', version: 1 })
    await expect(catalog.renameModel(ana, 'churn', 'taken')).rejects.toMatchObject({
      code: 'MODEL_EXISTS',
    })
    clock.advance(1000)
    const renamed = await catalog.renameModel(ana, 'churn', 'leavers')
    expect(renamed).toMatchObject({
      name: 'leavers',
      updatedAtMs: clock.now(),
      aliases: [{ alias: 'champion', version: 1 }],
      latestVersions: [{ model: 'leavers', version: 1 }],
    })
    await expect(catalog.model('churn')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
    expect((await catalog.renameModel(ana, 'leavers', 'leavers')).name).toBe('leavers')
  })

  it('sets and removes tags of models and versions', async () => {
    await create()
    await register('churn', { tags: { a: '1' } })
    await catalog.setModelTag(ana, 'churn', 'k', 'v1')
    await catalog.setModelTag(ana, 'churn', 'k', 'v2')
    await catalog.setVersionTag(ana, { model: 'churn', version: 1, key: 'a', value: '2' })
    await catalog.setVersionTag(ana, { model: 'churn', version: 1, key: 'b', value: '' })
    expect((await catalog.model('churn')).tags).toEqual({ k: 'v2' })
    expect((await catalog.version('churn', 1)).tags).toEqual({ a: '2', b: '' })
    await catalog.deleteModelTag(ana, 'churn', 'k')
    await catalog.deleteModelTag(ana, 'churn', 'never there')
    await catalog.deleteVersionTag(ana, { model: 'churn', version: 1, key: 'a' })
    expect((await catalog.model('churn')).tags).toEqual({})
    expect((await catalog.version('churn', 1)).tags).toEqual({ b: '' })
    for (const key of ['', 'x'.repeat(251), '../up', '/root', 'a\nb']) {
      await expect(catalog.setModelTag(ana, 'churn', key, 'v')).rejects.toMatchObject({
        code: 'MODEL_TAG_INVALID',
      })
    }
    await expect(catalog.setModelTag(ana, 'churn', 'k', 'nul\0')).rejects.toMatchObject({
      code: 'MODEL_TAG_INVALID',
    })
  })

  it('numbers versions without gaps or repetition, also from several servers at once', async () => {
    await create()
    const other = createModelCatalog(await scene.open(), { clock })
    const registered = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        (i % 2 === 0 ? catalog : other).createVersion(ana, {
          model: 'churn',
          source: `s3://bucket/${i}`,
          artifactUri: `s3://bucket/${i}`,
          user: 'ana',
        }),
      ),
    )
    const numbers = registered.map(({ version }) => version).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  })

  it('never gives the number of a deleted version again', async () => {
    await create()
    await register()
    await register()
    await catalog.deleteVersion(ana, 'churn', 2)
    expect((await register()).version).toBe(3)
    await expect(catalog.version('churn', 2)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      hint: 'Its versions: 1, 3.',
    })
    await expect(catalog.version('churn', 1.5)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    })
    await catalog.deleteModel(ana, 'churn')
    await create()
    expect((await register()).version).toBe(1)
  })

  it("gives a belt's record the same version whenever it is registered", async () => {
    await create()
    await register('churn', { recordId: 'version_a' })
    await register('churn', { recordId: 'version_b' })
    expect((await register('churn', { recordId: 'version_a' })).version).toBe(1)
    await catalog.deleteVersion(ana, 'churn', 1)
    const restored = await register('churn', { recordId: 'version_a' })
    expect(restored).toMatchObject({ version: 1, recordId: 'version_a' })
  })

  it('describes a version and leaves what it is made of alone', async () => {
    await create()
    const version = await register('churn', { runId: 'r1', modelId: 'm-1', runLink: 'http://x' })
    clock.advance(5)
    expect(await catalog.describeVersion(ana, 'churn', 1, 'first')).toEqual({
      ...version,
      description: 'first',
      updatedAtMs: clock.now(),
    })
  })

  it('moves aliases, and knows what is reserved', async () => {
    await create()
    await register()
    await register()
    await catalog.setAlias(ana, { model: 'churn', alias: 'champion', version: 1 })
    await catalog.setAlias(ana, { model: 'churn', alias: 'champion', version: 2 })
    expect((await catalog.versionByAlias('churn', 'champion')).version).toBe(2)
    expect((await catalog.version('churn', 2)).aliases).toEqual(['champion'])
    expect((await catalog.versionByAlias('churn', 'LATEST')).version).toBe(2)
    for (const alias of ['latest', 'Latest', 'v1', 'V22', '', 'a b', 'a/b', 'x'.repeat(256)]) {
      const setting = catalog.setAlias(ana, { model: 'churn', alias, version: 1 })
      await expect(setting).rejects.toMatchObject({ code: 'ALIAS_INVALID' })
    }
    await expect(
      catalog.setAlias(ana, { model: 'churn', alias: 'next', version: 9 }),
    ).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
    await catalog.deleteAlias(ana, 'churn', 'champion')
    await catalog.deleteAlias(ana, 'churn', 'champion')
    await expect(catalog.versionByAlias('churn', 'champion')).rejects.toMatchObject({
      code: 'ALIAS_NOT_FOUND',
    })
  })

  it('takes the aliases of a deleted version away', async () => {
    await create()
    await register()
    await catalog.setAlias(ana, { model: 'churn', alias: 'champion', version: 1 })
    await catalog.deleteVersion(ana, 'churn', 1)
    expect((await catalog.model('churn')).aliases).toEqual([])
    await expect(catalog.versionByAlias('churn', 'latest')).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    })
  })

  it('moves versions through stages and gives the newest of each', async () => {
    await create()
    for (let i = 0; i < 4; i++) await register()
    const move = (version: number, stage: 'Staging' | 'Production' | 'None', archive = false) =>
      catalog.transitionStage(ana, { model: 'churn', version, stage, archiveExisting: archive })
    await move(1, 'Staging')
    await move(1, 'Production')
    await move(2, 'Production')
    const latest = async (stages?: string[]) =>
      (await catalog.latestVersions('churn', stages)).map(
        ({ version, stage }) => `${version} ${stage}`,
      )
    expect(await latest()).toEqual(['2 Production', '4 None'])
    expect((await catalog.version('churn', 1)).stage).toBe('Production')
    expect(await move(3, 'Production', true)).toMatchObject({
      stage: 'Production',
      environments: ['production'],
    })
    expect(await latest()).toEqual(['2 Archived', '3 Production', '4 None'])
    expect(await latest(['production', 'NONE'])).toEqual(['3 Production', '4 None'])
    await expect(latest(['prod'])).rejects.toMatchObject({ code: 'STAGE_UNKNOWN' })
    await expect(move(3, 'None', true)).rejects.toMatchObject({ code: 'STAGE_NOT_ARCHIVING' })
    await expect(catalog.deleteVersion(ana, 'churn', 3)).rejects.toMatchObject({
      code: 'VERSION_IN_USE',
    })
    await expect(catalog.deleteModel(ana, 'churn')).rejects.toMatchObject({
      code: 'MODEL_IN_USE',
    })
    expect(await move(3, 'None')).toMatchObject({ stage: 'None', environments: [] })
    await catalog.deleteModel(ana, 'churn')
  })

  it('searches in pages that nobody shifts by registering meanwhile', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      clock.advance(1)
      await create(name)
      await register(name)
    }
    const names = async (options: object) => {
      const page = await catalog.searchModels({ maxResults: 2, ...options })
      return { names: page.items.map(({ name }) => name), token: page.nextPageToken }
    }
    const first = await names({})
    expect(first.names).toEqual(['a', 'b'])
    await create('aa')
    expect(await names({ pageToken: first.token })).toEqual({ names: ['c', 'd'], token: undefined })
    expect((await names({ orderBy: ['last_updated_timestamp DESC'] })).names).toEqual(['aa', 'd'])
    await expect(names({ orderBy: ['name DESC'], pageToken: first.token })).rejects.toMatchObject({
      code: 'PAGE_TOKEN_INVALID',
    })
    for (const orderBy of [['nam'], ['name', 'name DESC'], ['name; DROP TABLE catalog_models']]) {
      await expect(names({ orderBy })).rejects.toMatchObject({ code: 'ORDER_INVALID' })
    }
    await expect(names({ pageToken: '{}' })).rejects.toMatchObject({
      code: 'PAGE_TOKEN_INVALID',
    })
    expect((await names({ projects: [] })).names).toEqual([])
    expect((await names({ projects: ['default', 'x'] })).names).toEqual(['a', 'aa'])

    await register('b')
    const versions = await catalog.searchVersions({ maxResults: 3 })
    expect(versions.items.map(({ model, version }) => `${model}${version}`)).toEqual([
      'b2',
      'd1',
      'c1',
    ])
    const rest = await catalog.searchVersions({
      maxResults: 3,
      pageToken: versions.nextPageToken,
    })
    expect(rest.items.map(({ model, version }) => `${model}${version}`)).toEqual(['b1', 'a1'])
  })
  it('filters models and versions', async () => {
    await catalog.createModel(ana, { name: 'Churn-A', project, tags: { team: 'x', env: 'p' } })
    await catalog.createModel(ana, { name: 'churn_b', project, tags: { team: 'y' } })
    const prompt = { 'mlflow.prompt.is_prompt': 'true' }
    await catalog.createModel(ana, { name: 'a prompt', project, tags: prompt })
    await register('Churn-A', { runId: 'r1', tags: { q: "it's" }, source: 's3://b/1' })
    await register('Churn-A', { runId: 'r2' })
    await register('churn_b', { tags: { q: '2' } })
    const models = async (filter: string) =>
      (await catalog.searchModels({ filter, maxResults: 10 })).items.map(({ name }) => name)
    const versions = async (filter: string) =>
      (
        await catalog.searchVersions({ filter, maxResults: 10, orderBy: ['version_number ASC'] })
      ).items.map(({ model, version }) => `${model} ${version}`)
    expect(await models('')).toEqual(['Churn-A', 'churn_b'])
    expect(await models("name = 'churn_b'")).toEqual(['churn_b'])
    expect(await models("name LIKE 'churn%'")).toEqual(['churn_b'])
    expect(await models("name ILIKE 'CHURN%'")).toEqual(['Churn-A', 'churn_b'])
    expect(await models("name IN ('Churn-A', 'z')")).toEqual(['Churn-A'])
    expect(await models("tags.team != 'x'")).toEqual(['churn_b'])
    expect(await models("tags.team = 'x' AND tag.`env` LIKE 'p%'")).toEqual(['Churn-A'])
    expect(await models("tags.`mlflow.prompt.is_prompt` = 'true'")).toEqual(['a prompt'])
    expect(await models("tags.`mlflow.prompt.is_prompt` != 'true'")).toHaveLength(2)
    expect(await versions("run_id = 'r1'")).toEqual(['Churn-A 1'])
    expect(await versions("run_id IN ('r1', 'r2') AND version_number > 1")).toEqual(['Churn-A 2'])
    expect(await versions("source_path = 's3://b/1'")).toEqual(['Churn-A 1'])
    expect(await versions('tags.q = "it\'s"')).toEqual(['Churn-A 1'])
    expect(await versions("name = 'churn_b'")).toEqual(['churn_b 1'])
    for (const filter of ["nam = 'x'", 'name = x', "name > 'x'", "params.x = '1'", "name='a' OR"]) {
      await expect(models(filter)).rejects.toMatchObject({ code: 'FILTER_INVALID' })
      await expect(versions(filter)).rejects.toMatchObject({ code: 'FILTER_INVALID' })
    }
    await expect(versions('version_number = 1.5')).rejects.toMatchObject({
      code: 'FILTER_INVALID',
    })
  })
})
