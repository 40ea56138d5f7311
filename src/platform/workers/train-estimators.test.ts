import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOfFile } from '../../core/identity/index.ts'
import type { Candidate, EstimatorName, ProblemType } from '../../core/records/index.ts'
import { createWorkerPool } from './create-worker-pool.ts'
import { callOptions, removeFrames, trainRequest } from './fixtures/training-frame.ts'
import { ensurePythonEnvironment } from './python-environment.ts'
import type { TrainRequest, TrainResult, WorkerPool } from './worker-pool.ts'

let pool: WorkerPool
beforeAll(async () => {
  const { python } = await ensurePythonEnvironment()
  pool = createWorkerPool({ python, size: 2 })
}, 600_000)
afterAll(async () => {
  await pool.close()
  removeFrames()
})

async function read(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const rows = await (await connection.runAndReadAll(sql)).getRows()
  connection.closeSync()
  instance.closeSync()
  return rows
}

/** Largest difference between the ONNX model and the original, relative to the answers' spread. */
async function parity(request: TrainRequest, result: TrainResult): Promise<number> {
  const { numeric, categorical } = request.columns
  const rows = await read(`FROM '${request.validation}' SELECT ${[...numeric, ...categorical]}`)
  const numbers = rows.flatMap((row) =>
    row.slice(0, numeric.length).map((value) => (value === null ? Number.NaN : Number(value))),
  )
  const texts = rows.flatMap((row) => row.slice(numeric.length).map((value) => String(value ?? '')))
  const session = await InferenceSession.create(join(request.outputFolder, result.model))
  const { tensors } = result
  const outputs = await session.run({
    [tensors.numeric ?? '']: new Tensor('float32', numbers, [rows.length, numeric.length]),
    [tensors.categorical ?? '']: new Tensor('string', texts, [rows.length, categorical.length]),
  })
  const answers = Array.from((outputs[tensors.output]?.data ?? []) as Float32Array, Number)
  const original = (await read(`FROM '${join(request.outputFolder, result.parity)}'`)).flatMap(
    (row) => row.slice(1).map(Number),
  )
  expect(answers).toHaveLength(original.length)
  const spread = Math.max(1, Math.max(...original) - Math.min(...original))
  return (
    Math.max(...original.map((value, i) => Math.abs(value - (answers[i] ?? Number.NaN)))) / spread
  )
}

const member = (estimator: EstimatorName): Candidate => ({
  name: `member-${estimator}`,
  estimator,
  parameters: estimator === 'xgboost' ? { n_estimators: 20 } : {},
})

function candidateOf(estimator: EstimatorName, problem: ProblemType): TrainRequest['candidate'] {
  const base = { name: estimator, estimator, parameters: {} }
  const linear = problem === 'regression' ? 'linear-regression' : 'logistic-regression'
  if (estimator === 'voting') return { ...base, members: [member(linear), member('xgboost')] }
  if (estimator === 'custom') return { ...base, file: 'sound.py' }
  if (estimator === 'random-forest') return { ...base, parameters: { n_estimators: 20 } }
  if (estimator === 'xgboost') return { ...base, parameters: { n_estimators: 30 } }
  return base
}

const TREES = ['baseline', 'simple-rule', 'random-forest', 'xgboost'] as const
const OFFER: Readonly<Record<ProblemType, readonly EstimatorName[]>> = {
  'binary-classification': [...TREES, 'logistic-regression', 'svm', 'voting', 'custom'],
  'multiclass-classification': [...TREES, 'logistic-regression', 'svm', 'voting', 'custom'],
  regression: [...TREES, 'linear-regression', 'svm', 'voting', 'custom'],
  clustering: ['k-means', 'custom'],
}
const CASES = Object.entries(OFFER).flatMap(([problem, estimators]) =>
  estimators.map((estimator) => [estimator, problem as ProblemType] as const),
)

/** A second preparation that takes every other branch. */
const OTHER_PREPARATION: TrainRequest['preparation'] = {
  numeric: { missing: 'keep', outliers: 'clip', clipQuantile: 0.02, scaling: 'robust' },
  categorical: {
    missing: 'most-frequent',
    encoding: 'ordinal',
    minFrequency: 5,
    maxCategories: 6,
  },
}

describe.each(CASES)('%s for %s', (estimator, problem) => {
  it('answers in ONNX Runtime as the original does, with either preparation', async () => {
    const request = await trainRequest(estimator, problem)
    const candidate = candidateOf(estimator, problem)
    for (const preparation of [request.preparation, OTHER_PREPARATION]) {
      const own = { ...request, candidate, preparation }
      const result = await pool.train(own, callOptions({ subject: estimator }))
      expect(await parity(own, result)).toBeLessThanOrEqual(1e-4)
      expect(result.folds).toHaveLength(2)
      expect(result.trainingRows).toBe(600)
      for (const value of Object.values(result.crossValidation)) expect(value).not.toBeNaN()
    }
  })
})

it('learns what is there to learn: every model beats the baseline', async () => {
  const request = await trainRequest('baseline', 'binary-classification')
  const loss = async (estimator: EstimatorName) => {
    const candidate = candidateOf(estimator, request.problemType)
    const result = await pool.train({ ...request, candidate }, callOptions())
    return result.crossValidation.logLoss ?? Number.NaN
  }
  const baseline = await loss('baseline')
  for (const estimator of ['simple-rule', 'logistic-regression', 'svm', 'xgboost'] as const) {
    expect(await loss(estimator)).toBeLessThan(baseline)
  }
})

it('matches the rbf kernel within its row cap and says what it left out', async () => {
  const request = await trainRequest('svm', 'binary-classification')
  const candidate = { ...request.candidate, parameters: { kernel: 'rbf', max_rows: 300 } }
  const result = await pool.train({ ...request, candidate }, callOptions())
  expect(await parity(request, result)).toBeLessThanOrEqual(1e-4)
  expect(result.notes).toEqual(['trained on the newest 300 of 600 rows'])
})

it.each(['xgboost', 'random-forest', 'svm', 'voting'] as const)(
  'trains %s twice to the same bytes and numbers, in two processes',
  async (estimator) => {
    const first = await trainRequest(estimator, 'multiclass-classification')
    const second = await trainRequest(estimator, 'multiclass-classification')
    const candidate = candidateOf(estimator, first.problemType)
    const results = await Promise.all(
      [first, second].map((request) => pool.train({ ...request, candidate }, callOptions())),
    )
    expect(results[0]?.folds).toEqual(results[1]?.folds)
    const digests = await Promise.all(
      [first, second].map(({ outputFolder }) => digestOfFile(join(outputFolder, 'model.onnx'))),
    )
    expect(digests[0]).toBe(digests[1])
  },
)

it('validates in time order: the baseline of a fold is the mean of all earlier rows', async () => {
  const request = await trainRequest('baseline', 'regression', { rows: 90 })
  const result = await pool.train(request, callOptions())
  const rows = await read(`FROM '${request.train}' SELECT __target ORDER BY __prediction_time`)
  const y = rows.map(([value]) => Number(value))
  for (const [fold, [start, end]] of [[30, 60] as const, [60, 90] as const].entries()) {
    const mean = y.slice(0, start).reduce((sum, value) => sum + value, 0) / start
    const held = y.slice(start, end)
    const squares = held.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    expect(result.folds[fold]?.metrics.rmse).toBeCloseTo(Math.sqrt(squares / held.length), 9)
    expect(result.folds[fold]?.rows).toBe(end - start)
  }
})
