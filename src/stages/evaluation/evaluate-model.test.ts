import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Evaluation,
  type EvaluationPolicy,
  evaluationSchema,
  type Frame,
  type ModelSignature,
  type Problem,
  projectSchema,
  type Run,
  referenceSchema,
} from '../../core/records/index.ts'
import { loadModel, type ModelSession } from '../../platform/inference/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { buildReference } from './build-reference.ts'
import { comparePaired } from './compare-paired.ts'
import { evaluateModel } from './evaluate-model.ts'

const FIXTURES = ['binary', 'three-classes', 'regression', 'clusters'] as const
type FixtureName = (typeof FIXTURES)[number]

interface FixtureFile {
  readonly signature: ModelSignature
  readonly rows: number
  readonly columns: Readonly<Record<string, readonly (number | string | null)[]>>
  readonly targets: readonly (string | number)[] | null
  readonly output: readonly number[]
}

const fixtureUrl = (file: string) =>
  new URL(`../../platform/inference/fixtures/${file}`, import.meta.url)
const readFixture = (name: FixtureName): FixtureFile =>
  JSON.parse(readFileSync(fixtureUrl(`${name}.json`), 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'esteira-evaluation-'))
let engine: TableEngine
let artifacts: ArtifactStore

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(folder, 'spill') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
})
afterAll(() => {
  engine.close()
  rmSync(folder, { recursive: true, force: true })
})

const quote = (value: number | string | null | undefined) =>
  value === null || value === undefined
    ? 'NULL'
    : typeof value === 'number'
      ? `${value}::DOUBLE`
      : `'${value}'`

/** A frame whose three parts all hold the fixture's rows. */
async function makeFrame(fixture: FixtureFile): Promise<Frame> {
  const { signature } = fixture
  const names = signature.inputs.map((input) => input.name)
  const rows = Array.from({ length: fixture.rows }, (_, i) => {
    const cells = names.map((name) => quote(fixture.columns[name]?.[i]))
    const target = fixture.targets === null ? [] : [quote(fixture.targets[i])]
    return `('id-${i}', ${[...target, ...cells, `'${i % 2 === 0 ? 'even' : 'odd'}'`].join(', ')})`
  })
  const header = ['__id', ...(fixture.targets === null ? [] : ['__target']), ...names, 'parity']
  const path = join(folder, `${signature.problemType}.parquet`)
  await engine.writeParquet(
    `SELECT * FROM (VALUES ${rows.join(', ')}) t(${header.map((name) => `"${name}"`).join(', ')})`,
    path,
  )
  const table = await artifacts.putFile(path, { name: 'part.parquet' })
  const part = { table, rows: fixture.rows, from: null, to: null, classes: {} }
  return {
    id: `frame_${signature.problemType}`,
    dataset: 'dataset_1',
    inputs: signature.inputs.map(({ name, kind, view }) => ({ name, kind, view })),
    kept: ['parity'],
    classes: signature.classes,
    positiveClass: signature.positiveClass,
    parts: { train: part, validation: part, test: part },
    coverage: {},
    leakage: [],
    profile: [],
  }
}

async function makeRun(name: FixtureName, signature: ModelSignature): Promise<Run> {
  const model = await artifacts.putFile(fixtureUrl(`${name}.onnx`).pathname, { name: 'model.onnx' })
  const zero = '0'.repeat(64)
  return {
    id: `run_${name}`,
    candidate: name,
    estimator: 'logistic-regression',
    parameters: {},
    seed: 1,
    frame: 'frame',
    trainingRows: 400,
    dataDigests: {},
    folds: [],
    crossValidation: {},
    model,
    signature,
    parity: { rows: 1, maxAbsoluteDifference: 0 },
    code: { esteira: '0', workerDigest: zero, gitCommit: null },
    packages: {},
    hardware: { cpu: '', cores: 1, memoryMb: 1 },
    durationMs: 1,
    peakMemoryMb: 1,
    notes: [],
  }
}

const money = {
  currency: 'USD',
  decisionsPerMonth: 1_000,
  truePositive: 5,
  falsePositive: -2,
  falseNegative: -4,
  trueNegative: 0,
}

function makeProblem(
  type: string,
  value?: unknown,
): { problem: Problem; policy: EvaluationPolicy } {
  const project = projectSchema.parse({
    name: 'test',
    problem: { statement: 'Will it arrive late?', type, target: 'late', value },
    sources: {},
    dataset: { sql: 'SELECT 1', id: 'id' },
    evaluation: {
      slices: ['carrier', 'hour', 'parity'],
      minSliceRows: 10,
      fairness: { groups: ['parity'] },
      bootstrap: { resamples: 60 },
      latency: { requests: 100, warmup: 5 },
    },
    gate: { criteria: [{ kind: 'size', atMostMb: 10 }] },
  })
  return { problem: project.problem, policy: project.evaluation }
}

interface Bench {
  readonly fixture: FixtureFile
  readonly frame: Frame
  readonly run: Run
  readonly session: ModelSession
}

async function setUp(name: FixtureName): Promise<Bench> {
  const fixture = readFixture(name)
  const run = await makeRun(name, fixture.signature)
  const path = artifacts.pathOf(run.model.digest)
  const session = await loadModel({ path, signature: fixture.signature })
  return { fixture, frame: await makeFrame(fixture), run, session }
}

async function evaluate(
  bench: Bench,
  setup: ReturnType<typeof makeProblem>,
  extra: { part?: 'validation' | 'test'; depth?: 'ranking' | 'full'; threshold?: number } = {},
): Promise<Evaluation> {
  const { session, run, frame } = bench
  const { part = 'test', depth = 'full', ...rest } = extra
  const evaluation = await evaluateModel({
    session,
    run,
    frame,
    part,
    depth,
    seed: 3,
    engine,
    artifacts,
    ...setup,
    ...rest,
  })
  return evaluationSchema.parse(evaluation)
}

describe('a binary model', () => {
  let bench: Bench
  let scores: number[]
  let labels: number[]
  const setup = makeProblem('binary-classification', money)
  beforeAll(async () => {
    bench = await setUp('binary')
    scores = bench.fixture.output.filter((_, i) => i % 2 === 1)
    labels = (bench.fixture.targets ?? []).map(Number)
  })
  afterAll(() => bench.session.close())

  const earned = (threshold: number) =>
    labels.reduce((sum, label, i) => {
      const yes = (scores[i] ?? 0) >= threshold
      if (label === 1) return sum + (yes ? money.truePositive : money.falseNegative)
      return sum + (yes ? money.falsePositive : money.trueNegative)
    }, 0) / labels.length

  test('gets the metrics that a naive computation over its original’s answers gives', async () => {
    const evaluation = await evaluate(bench, setup, { threshold: 0.4 })
    const decided = scores.map((score) => (score >= 0.4 ? 1 : 0))
    const share = (hit: (i: number) => boolean) =>
      labels.filter((_, i) => hit(i)).length / labels.length
    expect(evaluation.metrics.accuracy?.value).toBeCloseTo(
      share((i) => decided[i] === labels[i]),
      9,
    )
    const logLoss = labels.reduce(
      (sum, label, i) => sum - Math.log(label === 1 ? (scores[i] ?? 0) : 1 - (scores[i] ?? 0)),
      0,
    )
    expect(evaluation.metrics.logLoss?.value).toBeCloseTo(logLoss / labels.length, 4)
    expect(evaluation.metrics.valuePerDecision?.value).toBeCloseTo(earned(0.4), 9)
    expect(evaluation.value).toMatchObject({ currency: 'USD', perMonth: earned(0.4) * 1_000 })
    const [[tn = 0, fp = 0] = [], [fn = 0, tp = 0] = []] = evaluation.confusion
    expect([tn, fp, fn, tp].reduce((a, b) => a + b)).toBe(labels.length)
    expect(fp / labels.length).toBeCloseTo(
      share((i) => decided[i] === 1 && labels[i] === 0),
      9,
    )
    expect(fn / labels.length).toBeCloseTo(
      share((i) => decided[i] === 0 && labels[i] === 1),
      9,
    )
    for (const { value, low, high } of Object.values(evaluation.metrics)) {
      expect(low).toBeLessThanOrEqual(value)
      expect(high).toBeGreaterThanOrEqual(value)
    }
  })

  test('decides by the threshold that earns most on the validation rows', async () => {
    const evaluation = await evaluate(bench, setup, { part: 'validation', depth: 'ranking' })
    const best = Math.max(...[0, 2, ...scores].map((score) => earned(score - 1e-6)))
    expect(evaluation.value?.perDecision.value).toBeCloseTo(best, 9)
    expect(evaluation.metrics.valuePerDecision).toMatchObject({ low: null, high: null })
    const onTest = await evaluate(bench, setup, { depth: 'ranking' })
    expect(onTest.threshold).toBe(evaluation.threshold)
    const largest = Math.max(...(evaluation.curves?.value ?? []).map(([, value]) => value))
    expect(largest).toBeLessThanOrEqual(best + 1e-9)
  })

  test('is looked at from every side in full depth, the same way each time', async () => {
    const first = await evaluate(bench, setup)
    const again = await evaluate(bench, setup)
    expect({ ...first, latency: null }).toEqual({ ...again, latency: null })
    expect(first.latency?.p50Ms).toBeGreaterThan(0)
    expect(first.latency?.p99Ms).toBeGreaterThanOrEqual(first.latency?.p50Ms ?? 0)
    expect(first.latency?.sizeBytes).toBe(bench.run.model.bytes)
    expect(new Set(first.robustness.map((r) => r.attack))).toEqual(
      new Set(['noise', 'missing', 'unseen']),
    )
    expect(first.robustness.map((r) => r.metric)).toContain('valuePerDecision')
    expect(first.importance.map((i) => i.input).sort()).toEqual(
      bench.fixture.signature.inputs.map((i) => i.name).sort(),
    )
    for (const column of ['carrier', 'hour', 'parity']) {
      const slices = first.slices.filter((slice) => slice.column === column)
      expect(slices.reduce((sum, slice) => sum + slice.rows, 0)).toBe(first.rows)
    }
    expect(first.slices.filter((s) => s.column === 'parity').map((s) => s.judged)).toEqual([
      true,
      true,
    ])
  })

  test('is fair by rates counted by hand', async () => {
    const evaluation = await evaluate(bench, setup, { threshold: 0.4, depth: 'ranking' })
    const [fairness] = evaluation.fairness
    const rates = [0, 1].map((group) => {
      const rows = labels.flatMap((_, i) => (i % 2 === group ? [i] : []))
      const yes = rows.filter((i) => (scores[i] ?? 0) >= 0.4)
      const positives = rows.filter((i) => labels[i] === 1)
      return {
        selectionRate: yes.length / rows.length,
        truePositiveRate: yes.filter((i) => labels[i] === 1).length / positives.length,
      }
    })
    expect(fairness?.groups).toMatchObject([
      { value: 'even', ...rates[0] },
      { value: 'odd', ...rates[1] },
    ])
    const gap = Math.abs((rates[0]?.selectionRate ?? 0) - (rates[1]?.selectionRate ?? 0))
    expect(fairness?.demographicParity).toBeCloseTo(gap, 12)
  })

  test('leaves its answers as a table', async () => {
    const evaluation = await evaluate(bench, setup, { depth: 'ranking' })
    const path = artifacts.pathOf(evaluation.predictions.digest)
    const rows = await engine.query<{ id: string; target: string; p1: number }>(
      `SELECT * FROM read_parquet('${path}')`,
    )
    expect(rows.map((row) => row.id)).toEqual(labels.map((_, i) => `id-${i}`))
    rows.forEach((row, i) => {
      expect(row.target).toBe(String(labels[i]))
      expect(row.p1).toBeCloseTo(scores[i] ?? 0, 4)
    })
  })

  test('differs from itself by nothing, and from one that decides worse by what it loses', async () => {
    const { session, frame } = bench
    const compare = (threshold: number, metric: 'valuePerDecision' | 'logLoss' | 'rmse') =>
      comparePaired({
        champion: { session, threshold },
        challenger: { session, threshold: 0.4 },
        frame,
        part: 'test',
        metric,
        confidence: 0.95,
        resamples: 100,
        problem: setup.problem,
        seed: 1,
        engine,
        artifacts,
      })
    expect(await compare(0.4, 'logLoss')).toMatchObject({ low: 0, high: 0 })
    const loss = await compare(2, 'valuePerDecision')
    expect(loss.difference).toBeCloseTo(earned(0.4) - earned(2), 9)
    expect(loss.low).toBeLessThanOrEqual(loss.difference)
    await expect(compare(0.4, 'rmse')).rejects.toMatchObject({
      code: 'EVALUATION_METRIC_UNDEFINED',
    })
  })

  test('is refused a label it never learned, and a frame without its inputs', async () => {
    const strange = { ...bench.fixture, targets: bench.fixture.targets?.map(() => 'x') ?? null }
    const frame = await makeFrame(strange)
    await expect(evaluate({ ...bench, frame }, setup)).rejects.toMatchObject({
      code: 'EVALUATION_TARGET_UNKNOWN',
    })
    const other = await setUp('clusters')
    await other.session.close()
    await expect(evaluate({ ...bench, frame: other.frame }, setup)).rejects.toMatchObject({
      code: 'FRAME_COLUMN_MISSING',
    })
  })
})

describe('other problems', () => {
  const expected = {
    'three-classes': ['accuracy', 'f1', 'logLoss', 'rocAuc', 'valuePerDecision'],
    regression: ['mae', 'r2', 'rmse', 'valuePerDecision'],
    clusters: ['silhouette', 'inertia'],
  }
  const values = {
    'three-classes': { matrix: { '0': { '0': 1 }, '1': { '1': 2 }, '2': { '2': 3, '0': -5 } } },
    regression: { perDecision: 10, perUnitOfError: 2 },
    clusters: undefined,
  }

  test.each(['three-classes', 'regression', 'clusters'] as const)(
    'the %s model is judged in full by its own metrics',
    async (name) => {
      const bench = await setUp(name)
      const value = values[name] && { currency: 'BRL', decisionsPerMonth: 10, ...values[name] }
      const setup = makeProblem(bench.fixture.signature.problemType, value)
      if (name === 'clusters') setup.policy.slices = ['hour', 'parity']
      const evaluation = await evaluate(bench, setup)
      await bench.session.close()
      for (const metric of expected[name]) expect(evaluation.metrics).toHaveProperty(metric)
      expect(evaluation.threshold).toBeNull()
      expect(evaluation.curves).toBeNull()
      expect(evaluation.fairness).toEqual([])
      expect(evaluation.importance.length).toBe(bench.fixture.signature.inputs.length)
      expect(evaluation.latency?.batchRowsPerSecond).toBeGreaterThan(0)
      if (name === 'regression') {
        const mae = evaluation.metrics.mae?.value ?? 0
        const naive = bench.fixture.output.reduce(
          (sum, y, i) => sum + Math.abs(y - Number(bench.fixture.targets?.[i])) / 40,
          0,
        )
        expect(mae).toBeCloseTo(naive, 4)
        expect(evaluation.value?.perDecision.value).toBeCloseTo(10 - 2 * mae, 9)
      }
      if (name === 'three-classes') {
        expect(evaluation.confusion.flat().reduce((a, b) => a + b)).toBe(40)
      }
    },
  )

  test.each(FIXTURES)('the %s model leaves a reference whose shares are whole', async (name) => {
    const { session, frame, fixture } = await setUp(name)
    const reference = referenceSchema.parse(
      await buildReference({ session, frame, engine, artifacts }),
    )
    await session.close()
    expect(reference.inputs.map((input) => input.name)).toEqual(
      fixture.signature.inputs.map((input) => input.name),
    )
    const sum = (shares: readonly number[]) => shares.reduce((a, b) => a + b, 0)
    for (const input of reference.inputs) {
      const other = input.kind === 'text' ? input.otherShare : 0
      expect(sum(input.shares) + input.missingShare + other).toBeCloseTo(1, 9)
    }
    expect(sum(reference.prediction?.shares ?? [])).toBeCloseTo(1, 9)
    expect(reference.prediction?.shares.length).toBe((reference.prediction?.edges.length ?? 0) + 1)
  })
})
