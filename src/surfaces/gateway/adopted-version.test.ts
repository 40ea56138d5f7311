import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { adoptVersion } from '../../flows/index.ts'
import { type ArtifactFiles, openArtifactFiles } from '../../platform/artifact-files/index.ts'
import { type Database, openDatabase } from '../../platform/database/index.ts'
import { ensurePythonEnvironment } from '../../platform/workers/index.ts'
import { createModelCatalog, type ModelCatalog } from '../../stages/registry/catalog/index.ts'
import { createGateway } from './create-gateway.ts'
import { ENDPOINT, type GatewayScene, openGatewayScene } from './fixtures/gateway-scene.ts'
import type { InferResponse } from './open-inference.ts'

const FIXTURES = fileURLToPath(new URL('../../flows/adopt-version/fixtures', import.meta.url))
const BY = { name: 'ana', from: 'test' }

let folder: string
let scene: GatewayScene
let database: Database
let catalog: ModelCatalog
let files: ArtifactFiles
let python: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-adopted-'))
  scene = await openGatewayScene(folder)
  database = await openDatabase({ url: join(folder, 'metadata.db') })
  catalog = createModelCatalog(database, { clock: systemClock })
  await catalog.createModel(BY, { name: scene.project.name, project: scene.project.name })
  files = await openArtifactFiles(folder)
  python = (await ensurePythonEnvironment()).python
})
afterAll(async () => {
  await database.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

/** Logs a fixture as a client would, registers and adopts it. */
async function adopt(fixture: string): Promise<number> {
  for (const name of readdirSync(join(FIXTURES, fixture))) {
    const content = readFileSync(join(FIXTURES, fixture, name))
    await files.put(`logged/${fixture}/${name}`, Readable.from([content]))
  }
  const { version } = await catalog.createVersion(BY, {
    model: scene.project.name,
    source: `runs:/run/${fixture}`,
    artifactUri: `mlflow-artifacts:/logged/${fixture}`,
    user: BY.name,
  })
  const { name: model } = scene.project
  const { artifacts } = scene
  const parts = { database, artifacts, catalog, files, clock: systemClock, by: BY }
  await adoptVersion({ ...parts, model, version, python: async () => python })
  return version
}

interface Expected {
  readonly columns: Readonly<Record<string, readonly (number | string)[]>>
  readonly output: readonly (readonly number[])[]
}

function answerOf(body: InferResponse, width: number): readonly unknown[] {
  const found = body.outputs.find(({ data }) => data.length === 20 * width && width > 1)
  return (found ?? body.outputs[0])?.data ?? []
}

test.each([
  ['sklearn-cloudpickle', 1e-5],
  ['xgboost-ubj', 1e-5],
  ['xgboost-json', 1e-3],
  ['onnx-columns', 1e-5],
] as const)('the gateway answers like Python: %s', async (fixture, tolerance) => {
  await scene.rollOut(await adopt(fixture))
  const gateway = createGateway({ ...scene, clock: systemClock })
  try {
    await gateway.listen()
    const path = join(FIXTURES, fixture, 'expected.json')
    const { columns, output }: Expected = JSON.parse(readFileSync(path, 'utf8'))
    const inputs = Object.entries(columns).map(([name, data]) => ({
      name,
      datatype: typeof data[0] === 'string' ? 'BYTES' : 'FP64',
      shape: [data.length],
      data,
    }))
    const response = await fetch(`${gateway.address}/v2/models/${ENDPOINT}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    })
    const body = (await response.json()) as InferResponse
    expect(response.status, JSON.stringify(body).slice(0, 300)).toBe(200)
    const answers = answerOf(body, output[0]?.length ?? 1)
    const differences = output.flat().map((value, i) => Math.abs(value - Number(answers[i])))
    expect(Math.max(...differences)).toBeLessThanOrEqual(tolerance)
  } finally {
    await gateway.close()
  }
})
