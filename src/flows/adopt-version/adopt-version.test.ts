import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelVersion } from '../../core/records/index.ts'
import { loadModel } from '../../platform/inference/index.ts'
import { createTestDatabase, type DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import {
  type AdoptionScene,
  expectedOf,
  fixtureFiles,
  openAdoptionScene,
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
    ['sklearn-pickle', 'binary-classification', 1e-5],
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
