import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EndpointState } from '../../core/records/index.ts'
import { projectSchema } from '../../core/records/index.ts'
import { systemClock } from '../../core/time/index.ts'
import { openDatabase } from '../../platform/database/index.ts'
import {
  openArtifactStore,
  openOnlineStore,
  openRecordStore,
} from '../../platform/storage/index.ts'
import { endpointStateName } from '../../stages/deployment/index.ts'
import { createModelCatalog } from '../../stages/registry/catalog/index.ts'
import { findVersion, promoteVersion, registerVersion } from '../../stages/registry/index.ts'
import { gatherSeed } from './gather-seed.ts'
import { plantSeed } from './plant-seed.ts'

const PROJECT = projectSchema.parse({
  name: 'delays',
  problem: {
    statement: 'Will this flight be late?',
    type: 'binary-classification',
    target: 'late',
  },
  sources: { flights: { kind: 'csv', path: 'flights.csv' } },
  entities: { airport: { keys: ['origin'] } },
  featureViews: {
    airport: { entity: 'airport', sql: 'SELECT origin, at, hour FROM flights', eventTime: 'at' },
  },
  dataset: { sql: 'SELECT * FROM flights', id: 'id', inputs: ['distance'] },
  gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.5 }] },
  retraining: { triggers: [{ on: 'schedule', every: '1d' }] },
})
const ENDPOINT = endpointStateName('delays')

let folder: string
let source: Awaited<ReturnType<typeof openSource>>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-seed-'))
  source = await openSource(join(folder, 'source'))
})
afterEach(async () => {
  await source.database.close()
  rmSync(folder, { recursive: true })
})

async function openSource(place: string) {
  const artifacts = openArtifactStore(join(place, 'artifacts'))
  const database = await openDatabase({ url: join(place, 'metadata.db') })
  const store = openRecordStore(database, { project: PROJECT.name })
  return { project: PROJECT, folder: place, environment: {}, artifacts, database, store }
}

/** A version whose file is a text: nothing here loads it. */
async function addVersion(text: string) {
  const artifact = await source.artifacts.putBytes(text, { name: 'model.onnx' })
  return registerVersion({
    store: source.store,
    nowMs: 1_700_000_000_000,
    model: PROJECT.name,
    artifact,
    signature: {
      schemaVersion: 1,
      problemType: 'binary-classification',
      inputs: [
        {
          name: 'airport__hour',
          kind: 'number',
          view: 'airport',
          range: [0, 23],
          categories: null,
        },
      ],
      classes: ['0', '1'],
      positiveClass: '1',
      tensors: { numeric: 'n', categorical: null, output: 'p' },
    },
    threshold: 0.5,
    lineage: {
      snapshots: {},
      featureTables: {},
      dataset: 'dataset_1',
      frame: 'frame_1',
      run: text,
      evaluation: 'evaluation_1',
      verdict: 'verdict_1',
    },
    metrics: {},
    candidate: { name: 'one', estimator: 'logistic-regression', parameters: {} },
    reference: { inputs: [], prediction: null, rows: 10 },
    card: artifact,
    asOf: null,
  })
}

async function gather(version: number | string): Promise<string> {
  const place = mkdtempSync(join(folder, 'seed-'))
  const { model } = await gatherSeed(source, { folder: place, version, release: '0.0.0' })
  writeFileSync(join(place, 'model.onnx'), readFileSync(model))
  return place
}

const plant = (from: string, dataFolder = join(folder, 'data')) =>
  plantSeed({ from, dataFolder, clock: systemClock })

async function planted<T>(
  work: (parts: Awaited<ReturnType<typeof openSource>>) => Promise<T>,
): Promise<T> {
  const parts = await openSource(join(folder, 'data'))
  try {
    return await work(parts)
  } finally {
    await parts.database.close()
  }
}

const stateOf = () => planted(({ store }) => store.readState<EndpointState>(ENDPOINT))

describe('a planted seed', () => {
  test('is the one version under its own number, with its file', async () => {
    await addVersion('first')
    const second = await addVersion('second')
    await plant(await gather(2))
    await planted(async ({ store, artifacts, database }) => {
      expect(await findVersion({ store, model: 'delays', version: 2 })).toEqual(second)
      await artifacts.verify(second.artifact.digest)
      expect(await store.list('model-version')).toHaveLength(1)
      const catalog = createModelCatalog(database, { clock: systemClock })
      await expect(catalog.version('delays', 1)).rejects.toMatchObject({
        code: 'VERSION_NOT_FOUND',
      })
    })
    expect((await stateOf()).value).toMatchObject({ stable: 2, previous: null, canary: null })
  })

  test('changes nothing when it is planted again', async () => {
    await addVersion('first')
    const seed = await gather(1)
    await plant(seed)
    const before = await stateOf()
    await plant(seed)
    expect(await stateOf()).toEqual(before)
  })

  test('of another version takes over what is there', async () => {
    await addVersion('first')
    await addVersion('second')
    await plant(await gather(1))
    await plant(await gather(2))
    expect((await stateOf()).value).toMatchObject({ stable: 2, previous: null })
    await plant(await gather(1))
    expect((await stateOf()).value).toMatchObject({ stable: 1, previous: null })
  })

  test('brings the newest features of the views it needs, and replaces no newer ones', async () => {
    await addVersion('first')
    const row = (hour: number, eventTimeMs: number) => ({
      keys: ['JFK'],
      values: { hour },
      eventTimeMs,
    })
    const online = openOnlineStore(join(source.folder, 'online.db'))
    await online.put('airport', [row(5, 100)])
    await online.put('carrier', [row(9, 100)])
    await online.close()
    const seed = await gather(1)
    await plant(seed)
    const there = openOnlineStore(join(folder, 'data', 'online.db'))
    expect([await there.count('airport'), await there.count('carrier')]).toEqual([1, 0])
    await there.put('airport', [row(6, 200)])
    await plant(seed)
    const [found] = await there.read([{ view: 'airport', keys: ['JFK'] }])
    await there.close()
    expect(found?.values).toEqual({ hour: 6 })
  })

  test('with a swapped model is refused', async () => {
    await addVersion('first')
    const seed = await gather(1)
    writeFileSync(join(seed, 'model.onnx'), 'something else')
    await expect(plant(seed)).rejects.toMatchObject({ code: 'SEED_UNREADABLE' })
  })
})

describe('gathering', () => {
  test('finds a version by alias and environment, and drops what only a belt needs', async () => {
    await addVersion('first')
    const { version } = await addVersion('second')
    const catalog = createModelCatalog(source.database, { clock: systemClock })
    const by = { name: 'ana', from: 'cli' }
    await catalog.setAlias(by, { model: 'delays', alias: 'champion', version })
    await promoteVersion({
      store: source.store,
      model: 'delays',
      version: 1,
      environment: 'development',
      reason: 'a test',
      by: 'ana',
      atMs: 1_700_000_000_000,
    })
    const read = (place: string, file: string) =>
      JSON.parse(readFileSync(join(place, file), 'utf8'))
    const champion = await gather('champion')
    expect(read(champion, 'seed.json').version.version).toBe(2)
    expect(read(await gather('development'), 'seed.json').version.version).toBe(1)
    const project = read(champion, 'esteira.config.json')
    expect(project.retraining.triggers).toEqual([])
    expect(project.sources.flights.path).not.toBe('flights.csv')
  })

  test.each([
    ['endpoint', 'NOTHING_DEPLOYED'],
    ['production', 'ENVIRONMENT_EMPTY'],
    ['nobody', 'ALIAS_NOT_FOUND'],
    [7, 'VERSION_NOT_FOUND'],
  ])('refuses %s', async (version, code) => {
    await addVersion('first')
    await expect(gather(version)).rejects.toMatchObject({ code })
  })
})
