import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelVersion } from '../../core/records/index.ts'
import { loadModel } from '../../platform/inference/index.ts'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import {
  type AdoptionScene,
  BY,
  expectedOf,
  fixtureFiles,
  openAdoptionScene,
  PROJECT,
} from './fixtures/adoption-scene.ts'

let database: TestDatabase
let scene: AdoptionScene

async function open(dialect: (typeof DIALECTS)[number]): Promise<void> {
  database = await createTestDatabase(dialect)
  scene = await openAdoptionScene(await database.open())
}

async function close(): Promise<void> {
  scene.dispose()
  await database.dispose()
}

/** The largest difference between the served file and what the original answered elsewhere. */
async function differenceFrom(fixture: string, version: ModelVersion): Promise<number> {
  const { columns, output } = expectedOf(fixture)
  const path = scene.artifacts.pathOf(version.artifact.digest)
  const session = await loadModel({ path, signature: version.signature })
  const batch = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      typeof values[0] === 'string'
        ? values.map(String)
        : Float32Array.from(values, (value) => Number(value)),
    ]),
  )
  const answer = await session.predict({ rows: output.length, columns: batch })
  await session.close()
  return Math.max(
    ...output.flat().map((value, place) => Math.abs(value - (answer.output[place] ?? Number.NaN))),
  )
}

describe('adopting what clients logged', () => {
  beforeAll(() => open('sqlite'))
  afterAll(close)

  test.each([
    ['sklearn-skops', 'binary-classification', 1e-5],
    ['sklearn-cloudpickle', 'binary-classification', 1e-5],
    ['sklearn-xgboost', 'binary-classification', 1e-5],
    ['sklearn-forest', 'regression', 1e-3],
    ['sklearn-clusters', 'clustering', 0],
    ['xgboost-ubj', 'multiclass-classification', 1e-5],
    ['xgboost-json', 'regression', 1e-3],
    ['xgboost-booster', 'binary-classification', 1e-5],
    ['onnx-plain', 'multiclass-classification', 1e-5],
    ['onnx-zipmap', 'multiclass-classification', 1e-5],
    ['onnx-columns', 'binary-classification', 1e-5],
    ['onnx-weights-beside', 'regression', 1e-5],
  ] as const)('%s answers like the original, as %s', async (fixture, problemType, tolerance) => {
    const registered = await scene.register(fixtureFiles(fixture))
    const { version, parity } = await scene.adopt(registered.version)
    expect(version.signature.problemType).toBe(problemType)
    expect(await differenceFrom(fixture, version)).toBeLessThanOrEqual(tolerance)
    if (fixture.startsWith('onnx')) expect(parity).toBeNull()
    else expect(parity?.rows).toBeGreaterThan(200)
  })
})

describe.each(DIALECTS)('the record of an adopted version on %s', (dialect) => {
  beforeAll(() => open(dialect))
  afterAll(close)

  test('names the client, the files and the proof, and stands in the catalog', async () => {
    const registered = await scene.register(fixtureFiles('onnx-plain'))
    const { version: record } = await scene.adopt(registered.version)
    expect(record).toMatchObject({
      model: PROJECT,
      version: registered.version,
      threshold: null,
      metrics: { accuracy: 0.9 },
      candidate: { name: 'client' },
      reference: { rows: 0 },
    })
    expect(record.lineage).toMatchObject({
      snapshots: {},
      dataset: null,
      verdict: null,
      run: registered.runId,
      client: { source: registered.source, flavor: 'onnx', mlflowVersion: '3.17.2', parity: null },
    })
    const files = record.lineage.client?.files ?? {}
    expect(Object.keys(files).sort()).toEqual(['MLmodel', 'model.onnx'])
    // The client's graph needs no change, so its very bytes are served.
    expect(record.artifact.digest).toBe(files['model.onnx'])
    const there = await scene.catalog.version(PROJECT, registered.version)
    expect(there.recordId).toBe(record.id)
    expect(await scene.store.get('model-version', record.id)).toEqual(record)
    expect(scene.changes.at(-1)).toMatchObject({
      action: 'version.adopt',
      actor: BY,
      subject: `model/${PROJECT}/version/${registered.version}`,
    })
  })

  test('is the same one when asked for again, and no other can take its place', async () => {
    const registered = await scene.register(fixtureFiles('onnx-columns'))
    const first = await scene.adopt(registered.version)
    const changes = scene.changes.length
    expect((await scene.adopt(registered.version)).version).toEqual(first.version)
    expect(scene.changes).toHaveLength(changes)
    await expect(scene.adopt(registered.version, { threshold: 0.3 })).rejects.toMatchObject({
      code: 'VERSION_RECORDED',
    })
  })
})

describe('what the caller says of a model', () => {
  beforeAll(() => open('sqlite'))
  afterAll(close)

  const adopt = async (fixture: string, options: Parameters<AdoptionScene['adopt']>[1]) => {
    const registered = await scene.register(fixtureFiles(fixture))
    return scene.adopt(registered.version, options)
  }

  test('a threshold is for two classes only, and lies between 0 and 1', async () => {
    const { version } = await adopt('onnx-columns', { threshold: 0.3 })
    expect([version.threshold, version.signature.positiveClass]).toEqual([0.3, '1'])
    for (const [fixture, threshold] of [
      ['onnx-columns', 1],
      ['onnx-columns', Number.NaN],
      ['onnx-plain', 0.3],
    ] as const) {
      await expect(adopt(fixture, { threshold })).rejects.toMatchObject({ code: 'THRESHOLD_UNFIT' })
    }
  })

  test('one output a row is a value, or on demand the probability of yes', async () => {
    const { version } = await adopt('onnx-weights-beside', {
      problemType: 'binary-classification',
    })
    expect(version.signature).toMatchObject({ classes: ['0', '1'], positiveClass: '1' })
    expect(version.lineage.client?.notes).toEqual([expect.stringContaining('weights beside')])
  })

  test('a kind of problem that the model does not solve is refused', async () => {
    await expect(adopt('onnx-plain', { problemType: 'regression' })).rejects.toMatchObject({
      code: 'MODEL_OUTPUT_UNSUPPORTED',
    })
    await expect(adopt('xgboost-json', { problemType: 'clustering' })).rejects.toMatchObject({
      code: 'MODEL_OUTPUT_UNSUPPORTED',
    })
  })

  test('a classifier without probabilities is refused with a way to get them', async () => {
    await expect(adopt('sklearn-no-probabilities', {})).rejects.toMatchObject({
      code: 'MODEL_CLASS_UNSUPPORTED',
      message: expect.stringContaining('sklearn.LinearSVC'),
      hint: expect.stringContaining('CalibratedClassifierCV'),
    })
  })

  test('a model that is asked about missing numbers in its own way says so', async () => {
    const { version } = await adopt('sklearn-forest', {})
    expect(version.lineage.client?.notes).toEqual([expect.stringContaining('missing numbers')])
    const card = readFileSync(scene.artifacts.pathOf(version.card.digest), 'utf8')
    expect(card).toContain('missing numbers')
    expect(card).toContain('no gate has judged it')
  })

  test('an adoption that is given up changes nothing', async () => {
    const registered = await scene.register(fixtureFiles('sklearn-cloudpickle'))
    const signal = AbortSignal.timeout(500)
    await expect(scene.adopt(registered.version, { signal })).rejects.toMatchObject({
      code: 'ADOPTION_CANCELLED',
    })
    const { recordId } = await scene.catalog.version(PROJECT, registered.version)
    expect(recordId).toBeNull()
  })

  test('files that are not at this server, and versions that are not there, are told', async () => {
    const elsewhere = await scene.catalog.createVersion(BY, {
      model: PROJECT,
      source: 's3://bucket/model',
      artifactUri: 's3://bucket/model',
      user: BY.name,
    })
    await expect(scene.adopt(elsewhere.version)).rejects.toMatchObject({
      code: 'MODEL_FILES_ELSEWHERE',
    })
    await expect(scene.adopt(999)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
  })
})
