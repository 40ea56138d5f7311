import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorkerPool } from './create-worker-pool.ts'
import {
  callOptions,
  type FrameOptions,
  removeFrames,
  trainRequest,
} from './fixtures/training-frame.ts'
import { ensurePythonEnvironment } from './python-environment.ts'
import type { TrainRequest, WorkerPool } from './worker-pool.ts'

let pool: WorkerPool
beforeAll(async () => {
  const { python } = await ensurePythonEnvironment()
  pool = createWorkerPool({ python, size: 1 })
}, 600_000)
afterAll(async () => {
  await pool.close()
  removeFrames()
})

async function logistic(
  change: Partial<TrainRequest>,
  options: FrameOptions = {},
): Promise<unknown> {
  const request = await trainRequest('logistic-regression', 'binary-classification', options)
  return pool
    .train({ ...request, ...change }, callOptions({ subject: 'my-model' }))
    .catch((error: unknown) => error)
}

const failure = (code: string, message: RegExp) => ({
  code: 'WORKER_FAILED',
  details: expect.objectContaining({ code, subject: 'my-model' }),
  message: expect.stringMatching(message),
})

describe('data that no model can be fitted to', () => {
  it.each([
    ['a target of one class', `'late' AS __target`, 'ONE_CLASS', /600 training rows .* "late"/],
    ['an empty column', 'NULL::DOUBLE AS noise', 'COLUMN_EMPTY', /"noise" has no value/],
    [
      'infinite values',
      `CASE WHEN CAST(__id AS INT) < 3 THEN 'inf'::DOUBLE ELSE size END AS size`,
      'COLUMN_INFINITE',
      /"size" of the train part has 3 infinite values/,
    ],
    ['a null target', 'NULL::VARCHAR AS __target', 'TARGET_NULL', /null in 600 rows/],
    ['an unknown class', `'never' AS __target`, 'CLASS_UNKNOWN', /"never", expected one of/],
    ['a column that is no number', `'x' AS size`, 'COLUMN_NOT_NUMERIC', /"size".*string/],
  ])('%s is named', async (_, replace, code, message) => {
    expect(await logistic({}, { replace })).toMatchObject(failure(code, message))
  })

  it('an empty training part is named', async () => {
    expect(await logistic({}, { rows: 0 })).toMatchObject(failure('PART_EMPTY', /train part/))
  })

  it('too few rows for the folds are named', async () => {
    const crossValidation = { by: 'random', folds: 10 } as const
    expect(await logistic({ crossValidation }, { rows: 12 })).toMatchObject(
      failure('ROWS_TOO_FEW', /12 training rows are too few for 10 folds/),
    )
  })

  it('a column that vanished is named', async () => {
    const columns = { numeric: ['size', 'gone'], categorical: [] }
    expect(await logistic({ columns })).toMatchObject(failure('COLUMN_MISSING', /"gone"/))
  })
})

describe('a candidate that cannot be', () => {
  const candidate = { name: 'c', estimator: 'logistic-regression', parameters: {} } as const

  it('an unknown parameter is refused with the near name', async () => {
    const error = await logistic({ candidate: { ...candidate, parameters: { max_iters: 5 } } })
    expect(error).toMatchObject(failure('PARAMETER_UNKNOWN', /no parameter "max_iters"/))
    expect(error).toMatchObject({ hint: expect.stringContaining('Did you mean "max_iter"?') })
  })

  it('a parameter that plays no part is refused, not ignored', async () => {
    const svm = { ...candidate, estimator: 'svm', parameters: { gamma: 0.1 } } as const
    expect(await logistic({ candidate: svm })).toMatchObject(
      failure('PARAMETER_UNUSED', /"svm" makes no use of "gamma"/),
    )
  })

  it('a solver that stops early says so', async () => {
    const request = await trainRequest('logistic-regression', 'binary-classification')
    const early = { ...candidate, parameters: { max_iter: 1 } }
    const result = await pool.train({ ...request, candidate: early }, callOptions())
    expect(result.notes).toEqual(['the solver stopped before it converged: raise max_iter'])
  })

  it('a value that the estimator refuses is a coded failure', async () => {
    const error = await logistic({ candidate: { ...candidate, parameters: { C: -1 } } })
    expect(error).toMatchObject(failure('FIT_FAILED', /C/))
  })

  it('an estimator for other problems is refused', async () => {
    const error = await logistic({ candidate: { ...candidate, estimator: 'k-means' } })
    expect(error).toMatchObject(failure('ESTIMATOR_UNFIT', /"k-means" cannot be used/))
  })

  it.each(['fail', 'leave'])("the user's own mistake (%s) shows the traceback", async (mode) => {
    const own = {
      ...candidate,
      estimator: 'custom',
      file: 'faulty.py',
      parameters: { mode },
    } as const
    const error = await logistic({ candidate: own })
    expect(error).toMatchObject(failure('USER_CODE_FAILED', /faulty\.py/))
    expect(error).toMatchObject({ hint: expect.stringContaining(`in ${mode}`) })
  })

  it('a file that is not there is named', async () => {
    const own = { ...candidate, estimator: 'custom', file: 'absent.py' } as const
    expect(await logistic({ candidate: own })).toMatchObject(
      failure('USER_CODE_MISSING', /"absent.py"/),
    )
  })
})

describe('choices about rows and columns', () => {
  it('keeps the newest rows when there are more than asked for, and says so', async () => {
    const request = await trainRequest('logistic-regression', 'binary-classification')
    const result = await pool.train({ ...request, maxRows: 200 }, callOptions())
    expect(result.trainingRows).toBe(200)
    expect(result.notes).toEqual(['trained on the newest 200 of 600 rows'])
  })

  it('reports the training range of numbers and the categories it knows', async () => {
    const request = await trainRequest('logistic-regression', 'binary-classification')
    const result = await pool.train(request, callOptions())
    expect(result.categories.kind).toEqual(['', 'a', 'b'])
    expect(result.categories.place?.length).toBeLessThanOrEqual(20)
    const [low, high] = result.ranges.size ?? [Number.NaN, Number.NaN]
    expect(low).toBeGreaterThanOrEqual(0.05)
    expect(high).toBeLessThan(1)
  })

  it('keeps an empty column for xgboost, which needs no value in its place', async () => {
    const request = await trainRequest('xgboost', 'binary-classification', {
      replace: 'NULL::DOUBLE AS noise',
    })
    const numeric = { ...request.preparation.numeric, missing: 'keep' } as const
    const preparation = { ...request.preparation, numeric }
    const result = await pool.train({ ...request, preparation }, callOptions())
    expect(result.ranges.noise).toBeNull()
  })

  it.each(['random', 'stratified', 'group'] as const)('validates a split by %s', async (by) => {
    const request = await trainRequest('baseline', 'binary-classification')
    const crossValidation = { by, folds: 4 }
    const result = await pool.train({ ...request, crossValidation }, callOptions())
    expect(result.folds.reduce((sum, { rows }) => sum + rows, 0)).toBe(600)
  })
})
