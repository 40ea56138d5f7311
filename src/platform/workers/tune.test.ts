import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Candidate, EstimatorName } from '../../core/records/index.ts'
import { createWorkerPool } from './create-worker-pool.ts'
import { callOptions, removeFrames, trainRequest } from './fixtures/training-frame.ts'
import { ensurePythonEnvironment } from './python-environment.ts'
import type { TuneRequest, TuneResult, WorkerPool } from './worker-pool.ts'

let pool: WorkerPool
beforeAll(async () => {
  const { python } = await ensurePythonEnvironment()
  pool = createWorkerPool({ python, size: 1 })
}, 600_000)
afterAll(async () => {
  await pool.close()
  removeFrames()
})

async function tune(
  change: Partial<TuneRequest>,
  estimator: EstimatorName = 'logistic-regression',
): Promise<TuneResult> {
  const { outputFolder: _, ...request } = await trainRequest(estimator, 'binary-classification')
  const defaults = { method: 'random', trials: 6, timeLimitMs: 60_000, sample: 1 } as const
  return pool.tune({ ...request, ...defaults, ...change }, callOptions())
}

const decades = { from: 0.001, to: 10, log: true, integer: false }

describe.each(['grid', 'random', 'bayesian'] as const)('%s search', (method) => {
  it('spends its budget, stays inside the space and returns the best of what it tried', async () => {
    const result = await tune({ method, trials: 4, searchSpace: { C: decades } })
    expect(result.stopped).toBe('trials')
    expect(result.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3])
    const values = result.trials.map(({ value }) => value ?? Number.NaN)
    expect(result.best?.value).toBe(Math.min(...values))
    for (const { parameters } of result.trials) {
      expect(parameters.C).toBeGreaterThanOrEqual(0.001)
      expect(parameters.C).toBeLessThanOrEqual(10)
    }
  })

  it('does the same again for the same seed', async () => {
    const space: Candidate['searchSpace'] = { C: decades, class_weight: [null, 'balanced'] }
    const [first, second] = [
      await tune({ method, searchSpace: space }),
      await tune({ method, searchSpace: space }),
    ]
    const told = ({ trials }: TuneResult) =>
      trials.map(({ parameters, value }) => [parameters, value])
    expect(told(first)).toEqual(told(second))
  })

  it('ends when a small space is exhausted', async () => {
    const result = await tune({ method, trials: 50, searchSpace: { C: [0.01, 1] } })
    expect(result.stopped).toBe('exhausted')
    expect(result.trials).toHaveLength(2)
  })
})

it('tries every combination of a grid once', async () => {
  const searchSpace = {
    max_depth: { from: 2, to: 4, step: 1, log: false, integer: true },
    n_estimators: [5, 10],
  }
  const result = await tune({ method: 'grid', trials: 6, searchSpace }, 'xgboost')
  const tried = result.trials.map(
    ({ parameters }) => `${parameters.max_depth}/${parameters.n_estimators}`,
  )
  expect(tried.toSorted()).toEqual(['2/10', '2/5', '3/10', '3/5', '4/10', '4/5'])
})

it('maximizes a metric where more is better', async () => {
  const result = await tune({ metric: 'rocAuc', searchSpace: { C: [0.0001, 1] }, method: 'grid' })
  const values = result.trials.map(({ value }) => value ?? Number.NaN)
  expect(result.best?.value).toBe(Math.max(...values))
})

it('stops at the time limit after at least one trial', async () => {
  const result = await tune({ timeLimitMs: 1, trials: 100 })
  expect(result.stopped).toBe('time')
  expect(result.trials).toHaveLength(1)
})

it('records a trial that fails and goes on', async () => {
  const result = await tune({ method: 'grid', searchSpace: { C: [-1, 1] } })
  expect(result.trials.map(({ state }) => state)).toEqual(['failed', 'complete'])
  expect(result.best?.parameters).toMatchObject({ C: 1 })
})

it.each(['svm', 'random-forest', 'xgboost'] as const)(
  'has a default space for %s',
  async (name) => {
    const result = await tune({ method: 'bayesian', trials: 2 }, name)
    expect(result.trials.every(({ state }) => state === 'complete')).toBe(true)
  },
)

it('refuses a space over parameters that do not exist, and an empty one', async () => {
  await expect(tune({ searchSpace: { c: [1] } })).rejects.toMatchObject({
    details: { code: 'PARAMETER_UNKNOWN' },
  })
  await expect(tune({}, 'baseline')).rejects.toMatchObject({ details: { code: 'SPACE_EMPTY' } })
})

it('refuses a metric that does not exist on the data', async () => {
  await expect(tune({ metric: 'rmse' })).rejects.toMatchObject({
    details: { code: 'METRIC_ABSENT' },
  })
})
