import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Candidate,
  type Frame,
  type Project,
  projectSchema,
  type Run,
  runSchema,
} from '../../core/records/index.ts'
import { loadModel, readFramePart } from '../../platform/inference/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import {
  createWorkerPool,
  ensurePythonEnvironment,
  type WorkerPool,
} from '../../platform/workers/index.ts'
import { proveParity } from './prove-parity.ts'
import { reproduceRun } from './reproduce-run.ts'
import { resolveMembers } from './resolve-members.ts'
import { trainCandidate } from './train-candidate.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-training-'))
let engine: TableEngine
let artifacts: ArtifactStore
let pool: WorkerPool

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(folder, 'spill') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
  const { python } = await ensurePythonEnvironment()
  pool = createWorkerPool({ python, size: 2 })
}, 600_000)
afterAll(async () => {
  await pool.close()
  engine.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Late when far, in the evening, or with carrier B6; with noise from a hash of the row's number. */
async function makePart(rows: number, from: number, target: string) {
  const path = join(folder, `part-${from}-${rows}-${target.length}.parquet`)
  await engine.writeParquet(
    `WITH rows AS (
       SELECT i, 200 + hash(i, 'd') % 2000 AS distance, (5 + hash(i, 'h') % 18)::INTEGER AS hour,
         ['AA', 'B6', 'DL'][1 + (hash(i, 'c') % 3)::INTEGER] AS carrier,
         (hash(i, 'n') % 1000) / 1000.0 AS noise
       FROM range(${from}, ${from + rows}) t(i)),
     scored AS (
       SELECT *, distance / 2000.0 + hour / 20.0 + (carrier = 'B6')::INTEGER + noise AS score FROM rows)
     SELECT 'f' || i AS "__id", TIMESTAMP '2013-01-01' + to_minutes(i) AS "__prediction_time",
       ${target},
       CASE WHEN i % 17 = 0 THEN NULL ELSE distance::DOUBLE END AS distance, hour::DOUBLE AS hour,
       CASE WHEN i % 23 = 0 THEN NULL ELSE carrier END AS carrier
     FROM scored ORDER BY i`,
    path,
  )
  const table = await artifacts.putFile(path, { name: 'part.parquet', move: true })
  return { table, rows, from: null, to: null, classes: {} }
}

async function makeFrame(classes: readonly string[], target: string): Promise<Frame> {
  return {
    id: `frame_${classes.length}`,
    dataset: 'dataset',
    inputs: [
      { name: 'carrier', kind: 'text', view: null },
      { name: 'distance', kind: 'number', view: null },
      { name: 'hour', kind: 'number', view: 'schedule' },
    ],
    kept: [],
    classes: [...classes],
    positiveClass: classes.length === 2 ? '1' : null,
    parts: {
      train: await makePart(1_500, 0, target),
      validation: await makePart(300, 1_500, target),
      test: await makePart(300, 1_800, target),
    },
    coverage: {},
    leakage: [],
    profile: [],
  }
}

function makeProject(type: string): Project {
  return projectSchema.parse({
    name: 'flights',
    problem: { statement: 'Will it arrive late?', type, target: 'late' },
    sources: {},
    dataset: {
      sql: 'SELECT 1',
      id: 'id',
      predictionTime: 'at',
      split: { by: 'time' },
      preparation: { categorical: { minFrequency: 5 } },
    },
    training: { timeLimit: '2m' },
    gate: { criteria: [{ kind: 'size', atMostMb: 10 }] },
  })
}

const candidate = (over: Partial<Candidate>): Candidate => ({
  name: 'linear',
  estimator: 'logistic-regression',
  parameters: {},
  ...over,
})

function train(project: Project, frame: Frame, chosen: Candidate, all: readonly Candidate[] = []) {
  const members = resolveMembers(chosen, all)
  return {
    candidate: chosen,
    members,
    project,
    projectFolder: folder,
    frame,
    pool,
    engine,
    artifacts,
  }
}

describe('a binary candidate', () => {
  const project = makeProject('binary-classification')
  const late = `CASE WHEN score > 1.9 THEN '1' ELSE '0' END AS "__target"`
  let frame: Frame
  let run: Run
  beforeAll(async () => {
    frame = await makeFrame(['0', '1'], late)
    run = runSchema.parse(await trainCandidate(train(project, frame, candidate({}))))
  })

  test('becomes a run with all that proves where it came from', async () => {
    expect(run.trainingRows).toBe(1_500)
    expect(run.folds.length).toBe(3)
    expect(run.crossValidation.rocAuc).toBeGreaterThan(0.8)
    expect(run.parity).toMatchObject({ rows: 300 })
    expect(run.parity.maxAbsoluteDifference).toBeLessThan(1e-5)
    expect(run.signature.inputs.map((input) => input.name)).toEqual(['distance', 'hour', 'carrier'])
    expect(run.signature.inputs[1]).toMatchObject({ view: 'schedule', range: [5, 22] })
    expect(run.signature.inputs[2]?.categories).toEqual(expect.arrayContaining(['AA', 'B6', 'DL']))
    expect(run.packages).toHaveProperty('scikit-learn')
    expect(run.code.workerDigest).toBe(pool.workerDigest)
    expect(run.code.esteira).toMatch(/^\d+\.\d+\.\d+/)
    expect(run.code.gitCommit).toBeNull()
    expect(run.hardware.cores).toBeGreaterThan(0)
    const { digest } = run.model
    await artifacts.verify(digest)
    const session = await loadModel({
      path: artifacts.pathOf(digest),
      digest,
      signature: run.signature,
    })
    await session.close()
  })

  test('leaves nothing of its work behind', () => {
    const left = join(folder, 'artifacts', 'tmp')
    const files = existsSync(left) ? readdirSync(left, { recursive: true }) : []
    expect(files.filter((name) => String(name).includes('model'))).toEqual([])
  })

  test('is reproduced to the last digit, and a different recipe is told apart', async () => {
    const same = await reproduceRun({ ...train(project, frame, candidate({})), run })
    expect(same).toMatchObject({ reproduced: true, differences: [], circumstances: [] })
    expect(same.again.id).toBe(run.id)
    const other = candidate({ parameters: { C: 0.01 } })
    const changed = await reproduceRun({ ...train(project, frame, other), run })
    expect(changed.reproduced).toBe(false)
    const what = changed.differences.map((difference) => difference.what)
    expect(what).toEqual(expect.arrayContaining(['model', 'parameters', 'fold 1: logLoss']))
    expect(changed.again.id).not.toBe(run.id)
  })

  test('changes what it says of its own preparation, and nothing else', async () => {
    const own = candidate({ preparation: { categorical: { minFrequency: 1_000_000 } } })
    const { signature } = await trainCandidate(train(project, frame, own))
    expect(signature.inputs[2]?.categories).toEqual([])
  })

  test('that votes is made of its members, and must name real ones', async () => {
    const forest = candidate({
      name: 'forest',
      estimator: 'random-forest',
      parameters: { n_estimators: 10 },
    })
    const vote = candidate({ name: 'vote', estimator: 'voting', members: ['linear', 'forest'] })
    const all = [candidate({}), forest, vote]
    const voted = await trainCandidate(train(project, frame, vote, all))
    expect(voted.parity.maxAbsoluteDifference).toBeLessThan(1e-4)
    expect(() => resolveMembers(vote, [forest])).toThrow(
      expect.objectContaining({ code: 'CANDIDATE_UNKNOWN' }),
    )
  })

  test('whose worker refuses it fails by name', async () => {
    const bad = candidate({ parameters: { C: -1 } })
    await expect(trainCandidate(train(project, frame, bad))).rejects.toMatchObject({
      details: expect.objectContaining({ subject: 'linear' }),
    })
  })

  test('whose file answers otherwise than its original is refused', async () => {
    const path = artifacts.pathOf(run.model.digest)
    const session = await loadModel({ path, signature: run.signature })
    const validation = artifacts.pathOf(frame.parts.validation.table.digest)
    const part = await readFramePart({ engine, path: validation, inputs: run.signature.inputs })
    const { output } = await session.predict(part.batch)
    const prove = async (change: number, rows: number) => {
      const parity = join(folder, `parity-${change}-${rows}.parquet`)
      const values = Array.from({ length: rows }, (_, i) => {
        const p1 = (output[2 * i + 1] ?? 0) + (i === 7 ? change : 0)
        return `(${i}, ${output[2 * i]}::DOUBLE, ${p1}::DOUBLE)`
      })
      const source = rows === 0 ? '(0, 0.0::DOUBLE, 0.0::DOUBLE)' : values.join(', ')
      const sql = `SELECT * FROM (VALUES ${source}) t("row", p0, p1) WHERE ${rows} > 0`
      await engine.writeParquet(sql, parity)
      return proveParity({ candidate: 'linear', session, frame, parity, engine, artifacts })
    }
    expect((await prove(0.0005, 20)).maxAbsoluteDifference).toBeCloseTo(0.0005, 6)
    await expect(prove(0.002, 20)).rejects.toMatchObject({
      code: 'MODEL_PARITY_BROKEN',
      details: expect.objectContaining({ row: 7 }),
    })
    await expect(prove(0, 0)).rejects.toMatchObject({ code: 'MODEL_PARITY_UNPROVEN' })
    await session.close()
  })
})

test('a regression and a clustering are trained and proven too', async () => {
  const regression = await makeFrame([], '1000 * score AS "__target"')
  const forest = candidate({
    name: 'forest',
    estimator: 'random-forest',
    parameters: { n_estimators: 10 },
  })
  const run = await trainCandidate(train(makeProject('regression'), regression, forest))
  expect(run.crossValidation.r2).toBeGreaterThan(0.5)
  const clusters = await makeFrame([], '1 AS "__group"')
  const kMeans = candidate({ name: 'k-means', estimator: 'k-means', parameters: { n_clusters: 3 } })
  const grouped = await trainCandidate(train(makeProject('clustering'), clusters, kMeans))
  expect(grouped.parity.maxAbsoluteDifference).toBe(0)
})
