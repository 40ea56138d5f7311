import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ensurePythonEnvironment } from '../../src/platform/workers/index.ts'

export const FEATURES = 20

/** Models of one shape, the rows they are asked about, and what XGBoost itself answers. */
export interface BenchModels {
  readonly folder: string
  readonly features: readonly string[]
  /** [smallest, largest] training value of each feature. */
  readonly ranges: readonly (readonly [number, number])[]
  readonly tensors: {
    readonly numeric: string
    readonly categorical: null
    readonly output: string
  }
  /** Row by row. */
  readonly rows: readonly Float32Array[]
  /** By version, by row: the positive class's probability. */
  readonly expected: Readonly<Record<string, readonly number[]>>
  readonly versions: readonly number[]
  onnx(version: number): string
  /** The booster as XGBoost's own JSON. */
  booster(version: number): string
}

export interface MakeModelsOptions {
  readonly folder: string
  readonly versions: number
  readonly trees: number
}

/** Trains the models with the worker's environment, in a few seconds; always the same ones. */
export async function makeModels({
  folder,
  versions,
  trees,
}: MakeModelsOptions): Promise<BenchModels> {
  const { python } = await ensurePythonEnvironment({
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  const script = fileURLToPath(new URL('./python/make_model.py', import.meta.url))
  const worker = fileURLToPath(new URL('../../python', import.meta.url))
  await promisify(execFile)(python, [script, folder, String(versions), String(trees)], {
    env: { ...process.env, PYTHONPATH: worker, PYTHONDONTWRITEBYTECODE: '1' },
  })
  return readModels(folder)
}

function readModels(folder: string): BenchModels {
  const facts = JSON.parse(readFileSync(path.join(folder, 'facts.json'), 'utf8')) as Pick<
    BenchModels,
    'features' | 'ranges' | 'tensors'
  > & { readonly versions: number; readonly rows: number }
  const values = readFloats(path.join(folder, 'rows.f32'))
  const versions = Array.from({ length: facts.versions }, (_, i) => i + 1)
  return {
    ...facts,
    folder,
    versions,
    rows: Array.from({ length: facts.rows }, (_, i) =>
      values.subarray(i * FEATURES, (i + 1) * FEATURES),
    ),
    expected: Object.fromEntries(
      versions.map((version) => [version, [...readFloats(path.join(folder, `v${version}.f32`))]]),
    ),
    onnx: (version) => path.join(folder, `v${version}.onnx`),
    booster: (version) => path.join(folder, `v${version}.json`),
  }
}

function readFloats(file: string): Float32Array {
  const bytes = readFileSync(file)
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
