import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Candidate,
  type Frame,
  projectSchema,
  tuningResultSchema,
} from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
} from '../../platform/storage/index.ts'
import {
  createWorkerPool,
  ensurePythonEnvironment,
  type WorkerPool,
} from '../../platform/workers/index.ts'
import { tuneCandidate } from './tune-candidate.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-tuning-'))
let artifacts: ArtifactStore
let pool: WorkerPool
let frame: Frame

beforeAll(async () => {
  const engine = await openTableEngine({ temporaryFolder: join(folder, 'spill') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
  const path = join(folder, 'part.parquet')
  await engine.writeParquet(
    `SELECT 'f' || i AS "__id", TIMESTAMP '2013-01-01' + to_minutes(i) AS "__prediction_time",
       ((hash(i) % 100 + hash(i, 1) % 60) > 80)::INTEGER::VARCHAR AS "__target",
       (hash(i) % 100)::DOUBLE AS speed
     FROM range(600) t(i) ORDER BY i`,
    path,
  )
  engine.close()
  const table = await artifacts.putFile(path, { name: 'part.parquet' })
  const part = { table, rows: 600, from: null, to: null, classes: {} }
  frame = {
    id: 'frame',
    dataset: 'dataset',
    inputs: [{ name: 'speed', kind: 'number', view: null }],
    kept: [],
    classes: ['0', '1'],
    positiveClass: '1',
    parts: { train: part, validation: part, test: part },
    coverage: {},
    leakage: [],
    profile: [],
  }
  const { python } = await ensurePythonEnvironment()
  pool = createWorkerPool({ python, size: 1 })
}, 600_000)
afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true, force: true })
})

const candidate: Candidate = {
  name: 'linear',
  estimator: 'logistic-regression',
  parameters: {},
  searchSpace: { C: [0.001, 0.1, 10] },
}

function tune(method: 'grid' | 'random' | 'bayesian', chosen: Candidate = candidate) {
  const project = projectSchema.parse({
    name: 'flights',
    problem: { statement: 'Will it arrive late?', type: 'binary-classification', target: 'late' },
    sources: {},
    dataset: { sql: 'SELECT 1', id: 'id', predictionTime: 'at', split: { by: 'time' } },
    tuning: { method, trials: 5, timeLimit: '1m' },
    gate: { criteria: [{ kind: 'size', atMostMb: 10 }] },
  })
  const messages: string[] = []
  const result = tuneCandidate({
    candidate: chosen,
    members: [],
    project,
    projectFolder: folder,
    frame,
    pool,
    artifacts,
    metric: 'valuePerDecision',
    round: 1,
    because: ['roc-auc'],
    onProgress: (_share, message) => messages.push(message),
  })
  return { result, messages }
}

test('a grid is tried whole, money is searched as log loss, and the result says so', async () => {
  const { result, messages } = tune('grid')
  const tuned = tuningResultSchema.parse(await result)
  expect(tuned.trials.map((trial) => trial.parameters)).toEqual([
    { C: 0.001 },
    { C: 0.1 },
    { C: 10 },
  ])
  expect(tuned).toMatchObject({
    metric: 'logLoss',
    insteadOf: 'valuePerDecision',
    because: ['roc-auc'],
    stopped: 'exhausted',
  })
  const values = tuned.trials.map((trial) => trial.value ?? Number.POSITIVE_INFINITY)
  expect(tuned.best?.value).toBe(Math.min(...values))
  expect(messages.at(-1)).toContain('valuePerDecision is searched as logLoss')
})

test('the same search finds the same, and another method is another search', async () => {
  const space = { C: { from: 0.001, to: 10, log: true, integer: false } }
  const wide = { ...candidate, searchSpace: space }
  const first = await tune('bayesian', wide).result
  const again = await tune('bayesian', wide).result
  const timeless = (trials: typeof first.trials) => trials.map(({ durationMs: _, ...rest }) => rest)
  expect(timeless(again.trials)).toEqual(timeless(first.trials))
  expect(again.id).toBe(first.id)
  expect((await tune('random', wide).result).id).not.toBe(first.id)
})

test('a search over a parameter the estimator lacks fails with the candidate’s name', async () => {
  const { result } = tune('grid', { ...candidate, searchSpace: { depth: [1] } })
  await expect(result).rejects.toMatchObject({
    details: expect.objectContaining({ subject: 'linear' }),
  })
})
