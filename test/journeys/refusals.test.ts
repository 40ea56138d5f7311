import { expect, test, vi } from 'vitest'
import type { BeltRun, FailedRun, TuningResult, Verdict } from '../../src/core/records/index.ts'
import { churnProject, csvOf, customers } from './fixtures/churn.ts'
import { documentOf, esteira, processesOf } from './fixtures/esteira.ts'
import { projectFolder } from './fixtures/folders.ts'

// Whole belts with real workers, beside whatever else the machine does.
vi.setConfig({ testTimeout: 180_000 })

const ROWS = csvOf(customers(1_500))

test('a gate that demands too much sends the belt to tuning, and then ends it with nothing deployed', async () => {
  const folder = projectFolder({
    'customers.csv': ROWS,
    'esteira.config.json': churnProject({
      candidates: [
        {
          name: 'trees',
          estimator: 'xgboost',
          parameters: { n_estimators: 20 },
          searchSpace: { max_depth: { from: 1, to: 4, integer: true } },
        },
      ],
      tuning: { trials: 3, timeLimit: '1m', rounds: 1 },
      gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.999 }] },
    }),
  })

  const { code, out } = await esteira(folder, ['run', '--json'])
  expect(code).toBe(3)
  const { run }: { run: BeltRun } = JSON.parse(out)
  expect(run).toMatchObject({ outcome: 'rejected', version: null, rollout: null })
  expect(run.reasons.length).toBeGreaterThan(0)

  const [tuning = ''] = run.tunings
  const { trials, because } = await documentOf<TuningResult>(folder, ['show', 'tuning', tuning])
  expect(trials).toHaveLength(3)
  expect(because.length).toBeGreaterThan(0)
  const verdicts = await Promise.all(
    run.verdicts.map((id) => documentOf<Verdict>(folder, ['show', 'verdict', id])),
  )
  expect(verdicts.length).toBeGreaterThanOrEqual(1)
  expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(['no']))

  expect(await documentOf(folder, ['show', 'version'])).toEqual([])
  expect(await documentOf(folder, ['status'])).toMatchObject({
    endpoint: null,
    environments: { staging: null, production: null },
  })
})

test('a problem that cannot pay ends in NO-GO before anything is trained', async () => {
  const folder = projectFolder({
    'customers.csv': ROWS,
    'esteira.config.json': churnProject({
      problem: {
        statement: 'Will this customer leave within 30 days?',
        type: 'binary-classification',
        target: 'gone',
        feasibility: { minRows: 1_000_000 },
      },
    }),
  })
  const { code, out } = await esteira(folder, ['run', '--json'])
  expect(code).toBe(4)
  const { run }: { run: BeltRun } = JSON.parse(out)
  expect(run).toMatchObject({ outcome: 'no-go', runs: [], version: null })
  expect(JSON.stringify(run.reasons)).toContain('1000000')
})

const CRASHING = `
import os
from sklearn.linear_model import LogisticRegression

class Crashing(LogisticRegression):
    def fit(self, x, y):
        os._exit(9)

def build(parameters, context):
    return Crashing()
`

const HUNGRY = `
import time
import numpy
from sklearn.linear_model import LogisticRegression

class Hungry(LogisticRegression):
    def fit(self, x, y):
        held = []
        while True:
            held.append(numpy.ones(8_000_000))
            time.sleep(0.02)

def build(parameters, context):
    return Hungry()
`

const RAISING = `
def build(parameters, context):
    raise ValueError("no such depth: " + str(parameters["depth"]))
`

test('candidates that crash, take too much memory or raise fail alone, by name', async () => {
  const folder = projectFolder({
    'customers.csv': ROWS,
    'crashing.py': CRASHING,
    'hungry.py': HUNGRY,
    'raising.py': RAISING,
    'esteira.config.json': churnProject({
      candidates: [
        { name: 'crashing', estimator: 'custom', file: 'crashing.py' },
        { name: 'hungry', estimator: 'custom', file: 'hungry.py' },
        { name: 'raising', estimator: 'custom', file: 'raising.py', parameters: { depth: -1 } },
        { name: 'sound', estimator: 'logistic-regression' },
      ],
      training: { folds: 2, memoryLimitMb: 900 },
    }),
  })
  const { run } = await documentOf<{ run: BeltRun }>(folder, ['run'])
  expect(processesOf(folder)).toEqual([])
  expect(run).toMatchObject({ outcome: 'deployed', version: 1 })

  const failures = await Promise.all(
    run.failedRuns.map((id) => documentOf<FailedRun>(folder, ['show', 'failed-run', id])),
  )
  const byName = Object.fromEntries(failures.map((failure) => [failure.candidate, failure]))
  expect(Object.keys(byName).toSorted()).toEqual(['crashing', 'hungry', 'raising'])
  expect(byName.crashing?.message).toContain('crashing')
  expect(byName.hungry?.message).toMatch(/memory|MB/)
  expect(byName.raising?.message).toContain('no such depth: -1')
  expect(new Set(failures.map(({ code }) => code)).size).toBe(3)
})
