import { expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { seededRandom } from '../../src/core/randomness/index.ts'
import type { BeltRun, Evaluation } from '../../src/core/records/index.ts'
import type { ProjectInput } from '../../src/index.ts'
import { churnProject, csvOf } from './fixtures/churn.ts'
import { documentOf } from './fixtures/esteira.ts'
import { projectFolder } from './fixtures/folders.ts'

// Whole belts with real workers, beside whatever else the machine does.
vi.setConfig({ testTimeout: 180_000 })

interface RunAnswer {
  readonly run: BeltRun
  readonly report: string
}

/** Flowers of three kinds on two measures, each kind about its own middle. */
function flowers(count: number) {
  const random = seededRandom(3)
  const middles = [
    ['setosa', 1.5, 5],
    ['versicolor', 4.3, 5.9],
    ['virginica', 6, 7],
  ] as const
  return Array.from({ length: count }, (_, i) => {
    const [kind, petal, sepal] = middles[i % middles.length] ?? middles[0]
    return {
      id: i + 1,
      petal: (petal + random() * 2 - 1).toFixed(3),
      sepal: (sepal + random() * 2 - 1).toFixed(3),
      kind,
    }
  })
}

function project(changes: Partial<ProjectInput> & Pick<ProjectInput, 'problem'>): ProjectInput {
  return churnProject({
    sources: { rows: { kind: 'csv', path: 'rows.csv' } },
    ...changes,
  })
}

async function evaluationOf(folder: string, run: BeltRun): Promise<Evaluation> {
  const [verdict = ''] = run.verdicts
  const { evaluation } = await documentOf<{ evaluation: string }>(folder, [
    'show',
    'verdict',
    verdict,
  ])
  return documentOf(folder, ['show', 'evaluation', evaluation])
}

test('a project of several classes, written in YAML, is deployed', async () => {
  const folder = projectFolder({
    'rows.csv': csvOf(flowers(1_500)),
    'esteira.config.yaml': stringify(
      project({
        name: 'flowers',
        problem: {
          statement: 'Of which kind is this flower?',
          type: 'multiclass-classification',
          target: 'kind',
          positiveClass: 'setosa',
        },
        dataset: {
          sql: 'SELECT * FROM rows',
          id: 'id',
          inputs: ['petal', 'sepal'],
          split: { by: 'stratified' },
        },
        gate: { criteria: [{ kind: 'baseline', metric: 'accuracy', margin: 0.2 }] },
      }),
    ),
  })
  const { run } = await documentOf<RunAnswer>(folder, ['run'])
  expect(run).toMatchObject({ outcome: 'deployed', version: 1, failedRuns: [] })
  const evaluation = await evaluationOf(folder, run)
  expect(evaluation.confusion).toHaveLength(3)
  expect(evaluation.confusion.flat().reduce((a, b) => a + b)).toBe(evaluation.rows)
})

test('a regression, written in JSON, is deployed', async () => {
  const random = seededRandom(5)
  const houses = Array.from({ length: 1_500 }, (_, i) => {
    const area = 40 + Math.floor(random() * 160)
    const zone = random() < 0.5 ? 'centre' : 'edge'
    const price = 1_000 * area + (zone === 'centre' ? 40_000 : 0) + Math.floor(random() * 20_000)
    return { id: i + 1, area, zone, price }
  })
  const folder = projectFolder({
    'rows.csv': csvOf(houses),
    'esteira.config.json': project({
      name: 'houses',
      problem: { statement: 'What will this house sell for?', type: 'regression', target: 'price' },
      dataset: { sql: 'SELECT * FROM rows', id: 'id', inputs: ['area', 'zone'] },
      candidates: [
        { name: 'line', estimator: 'linear-regression' },
        { name: 'trees', estimator: 'xgboost', parameters: { n_estimators: 20 } },
      ],
      gate: { criteria: [{ kind: 'absolute', metric: 'r2', atLeast: 0.9 }] },
    }),
  })
  const { run } = await documentOf<RunAnswer>(folder, ['run'])
  expect(run).toMatchObject({ outcome: 'deployed', version: 1, failedRuns: [] })
  const { metrics } = await evaluationOf(folder, run)
  // The noise is uniform over 20,000: its standard deviation is 20,000 / √12 = 5,774.
  expect(metrics.rmse?.value).toBeGreaterThan(5_000)
  expect(metrics.rmse?.value).toBeLessThan(8_000)
})

test('a clustering without a target is deployed', async () => {
  const folder = projectFolder({
    'rows.csv': csvOf(flowers(1_500)),
    'esteira.config.yml': stringify(
      project({
        name: 'groups',
        problem: { statement: 'Which flowers belong together?', type: 'clustering' },
        dataset: { sql: 'SELECT id, petal, sepal FROM rows', id: 'id', inputs: ['petal', 'sepal'] },
        candidates: [{ name: 'three', estimator: 'k-means', parameters: { n_clusters: 3 } }],
        gate: { criteria: [{ kind: 'absolute', metric: 'silhouette', atLeast: 0.3 }] },
      }),
    ),
  })
  const { run } = await documentOf<RunAnswer>(folder, ['run'])
  expect(run).toMatchObject({ outcome: 'deployed', version: 1, failedRuns: [] })
  const { metrics } = await evaluationOf(folder, run)
  expect(metrics.silhouette?.value).toBeGreaterThan(0.3)
})
