import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePythonEnvironment } from '../../platform/workers/index.ts'
import { createTestDatabase, type TestDatabase } from '../../testkit/index.ts'
import {
  type AdoptionScene,
  fixtureFile,
  fixtureFiles,
  openAdoptionScene,
} from './fixtures/adoption-scene.ts'

let database: TestDatabase
let scene: AdoptionScene
let hostile: string
let canary: string

beforeAll(async () => {
  database = await createTestDatabase('sqlite')
  scene = await openAdoptionScene(await database.open())
  hostile = join(scene.folder, 'hostile')
  canary = join(scene.folder, 'canary')
  mkdirSync(hostile)
  const { python } = await ensurePythonEnvironment()
  const program = join(import.meta.dirname, 'fixtures', 'make_hostile.py')
  await promisify(execFile)(python, [program, hostile, canary])
})
afterAll(async () => {
  scene.dispose()
  await database.dispose()
})

const SIGNATURE = '[{"type": "double", "name": "x"}]'

function mlmodel(flavor: string, signature = SIGNATURE): string {
  return `flavors:\n  ${flavor}\nmlflow_version: 3.17.2\nsignature:\n  inputs: '${signature}'\n`
}

function pickled(name: string, serialization = 'cloudpickle'): Record<string, Buffer | string> {
  return {
    MLmodel: mlmodel(`sklearn: {pickled_model: model, serialization_format: ${serialization}}`),
    model: readFileSync(join(hostile, name)),
  }
}

/** The refusal, after which the version must be as it was. */
async function refusalOf(
  files: Record<string, Buffer | string>,
  options: Parameters<AdoptionScene['adopt']>[1] = {},
): Promise<{ code: string; message: string; hint: string }> {
  const { version } = await scene.register(files)
  const error = await scene.adopt(version, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect((await scene.catalog.version('flight-delays', version)).recordId).toBeNull()
  expect(existsSync(canary)).toBe(false)
  return JSON.parse(JSON.stringify(error))
}

describe('a pickle that is more than a model', () => {
  test.each([
    ['system.pkl', 'posix.system'],
    ['eval.pkl', 'builtins.eval'],
    ['nested.pkl', 'builtins.exec'],
    ['partial.pkl', 'functools.partial'],
    ['getattr.pkl', 'builtins.getattr'],
    ['function.pkl', 'cloudpickle.cloudpickle._'],
    ['dotted.pkl', 'sklearn.base.BaseEstimator.__init__'],
    ['joblib-hidden.pkl', 'posix.system'],
  ])('%s is refused by the name of what it asks for', async (file, asked) => {
    const { code, message, hint } = await refusalOf(pickled(file))
    expect([code, message]).toEqual(['MODEL_GLOBAL_REFUSED', expect.stringContaining(asked)])
    expect(hint).toContain('ONNX')
  })

  test('a skops file cannot bring its own list of trusted types', async () => {
    const files = pickled('untrusted.skops', 'skops, skops_trusted_types: [functools.partial]')
    const { code, message } = await refusalOf(files)
    expect([code, message]).toEqual([
      'MODEL_GLOBAL_REFUSED',
      expect.stringMatching(/functools\.partial|posix\.system/),
    ])
  })

  test('one that asks for a terabyte is out of memory; the server is not', async () => {
    expect((await refusalOf(pickled('memory.pkl'))).code).toBe('MODEL_OUT_OF_MEMORY')
  })

  test('one that computes for ever is ended', async () => {
    const { code } = await refusalOf(pickled('endless.pkl'), { limits: { seconds: 5 } })
    expect(code).toBe('MODEL_OUT_OF_TIME')
  })

  test.each([
    ['cut.pkl', 'cloudpickle', 'MODEL_FILE_INVALID'],
    ['data.pkl', 'cloudpickle', 'MODEL_CLASS_UNSUPPORTED'],
    ['unfitted.pkl', 'cloudpickle', 'MODEL_FILE_INVALID'],
    ['nonsense.skops', 'skops', 'MODEL_FILE_INVALID'],
    ['cut.pkl', 'skops', 'MODEL_FILE_INVALID'],
  ])('%s read as %s is refused with %s', async (file, serialization, expected) => {
    expect((await refusalOf(pickled(file, serialization))).code).toBe(expected)
  })

  test('one of joblib is read when it is a model', async () => {
    const { version } = await scene.register(pickled('joblib-harmless.pkl'))
    const { parity } = await scene.adopt(version)
    expect(parity?.maxAbsoluteDifference).toBeLessThan(1e-5)
  })
})

describe('an MLmodel file that is more than a description', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
    .split('')
    .map((name, place) => {
      const last = 'abcdefghij'[place]
      return `${name}: &${name} [*${last},*${last},*${last},*${last},*${last},*${last}]`
    })
    .join('\n')}\nflavors: *j\n`

  test.each([
    ['a bomb of aliases', bomb, 'MODEL_FILE_INVALID'],
    [
      'a tag of another language',
      'flavors: !!python/object/apply:os.system [ls]',
      'MODEL_FILE_INVALID',
    ],
    ['no YAML', 'flavors: {', 'MODEL_FILE_INVALID'],
    ['a list', '[1, 2]', 'MODEL_FILE_INVALID'],
    ['too much text', `flavors: {}\n${'#'.repeat(300_000)}`, 'MODEL_TOO_LARGE'],
    [
      'no flavor of ours',
      mlmodel('python_function: {loader_module: evil}'),
      'MODEL_FLAVOR_UNSUPPORTED',
    ],
    ['a path that climbs', mlmodel('onnx: {data: ../../../x/model.onnx}'), 'MODEL_FILE_INVALID'],
    ['an absolute path', mlmodel('onnx: {data: /etc/passwd}'), 'MODEL_FILE_INVALID'],
    ['a file that is not there', mlmodel('onnx: {data: model.onnx}'), 'MODEL_FILE_MISSING'],
    [
      'a signature of images',
      mlmodel(
        'onnx: {data: m}',
        '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3, 8, 8]}}]',
      ),
      'MODEL_SIGNATURE_UNFIT',
    ],
    [
      'a signature of a billion columns',
      mlmodel(
        'onnx: {data: m}',
        '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 1000000000]}}]',
      ),
      'MODEL_SIGNATURE_UNFIT',
    ],
    ['a signature that is no JSON', mlmodel('onnx: {data: m}', 'x'), 'MODEL_SIGNATURE_UNFIT'],
  ])('with %s is refused', async (_, text, expected) => {
    expect((await refusalOf({ MLmodel: text, m: 'x' })).code).toBe(expected)
  })
})

describe('a model file that is more than a model', () => {
  test('weights are taken from beside the ONNX file only', async () => {
    const { MLmodel, ...files } = fixtureFiles('onnx-weights-beside')
    const data = Object.keys(files).find((name) => name.endsWith('.data')) ?? ''
    for (const place of [
      '../'.repeat(11).slice(0, data.length),
      `/${'x'.repeat(data.length - 1)}`,
    ]) {
      const onnx = fixtureFile('onnx-weights-beside', 'model.onnx').toString('latin1')
      const changed = Buffer.from(onnx.replaceAll(data, place.padEnd(data.length, 'x')), 'latin1')
      const { code, message } = await refusalOf({ MLmodel: MLmodel ?? '', 'model.onnx': changed })
      expect([code, message]).toEqual(['MODEL_FILE_INVALID', expect.stringContaining('weights')])
    }
  })

  test('an ONNX file with operators of its own, or cut off, is refused', async () => {
    const { MLmodel } = fixtureFiles('onnx-plain')
    const bytes = fixtureFile('onnx-plain', 'model.onnx')
    const other = Buffer.from(
      bytes.toString('latin1').replaceAll('ai.onnx.ml', 'ai.onnx.my'),
      'latin1',
    )
    expect(await refusalOf({ MLmodel: MLmodel ?? '', 'model.onnx': other })).toMatchObject({
      code: 'MODEL_ANSWERS_NOT',
      message: expect.stringContaining('ai.onnx.my'),
    })
    const cut = bytes.subarray(0, 300)
    expect((await refusalOf({ MLmodel: MLmodel ?? '', 'model.onnx': cut })).code).toMatch(
      /^MODEL_(FILE_INVALID|OUTPUT_UNSUPPORTED|LAYOUT_UNSUPPORTED)$/,
    )
  })

  test('an XGBoost file cut off is refused', async () => {
    const { MLmodel } = fixtureFiles('xgboost-ubj')
    const cut = fixtureFile('xgboost-ubj', 'model.ubj').subarray(0, 900)
    const { code } = await refusalOf({ MLmodel: MLmodel ?? '', 'model.ubj': cut })
    expect(code).toMatch(/^MODEL_(FILE_INVALID|READER_CRASHED)$/)
  })

  test('a link out of the folder of clients is not followed', async () => {
    const { MLmodel = '' } = fixtureFiles('sklearn-cloudpickle')
    const { version, artifactUri } = await scene.register({ MLmodel })
    const folder = join(scene.folder, 'client-files', artifactUri.replace('mlflow-artifacts:/', ''))
    const secret = join(scene.folder, 'secret')
    writeFileSync(secret, 'not for clients')
    symlinkSync(secret, join(folder, 'model.pkl'))
    await expect(scene.adopt(version)).rejects.toMatchObject({ code: 'ARTIFACT_PATH_INVALID' })
  })
})
