import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { BeltRun, ModelVersion } from '../../src/core/records/index.ts'
import { loadModel } from '../../src/platform/inference/index.ts'
import { createClient } from '../../src/surfaces/client/index.ts'
import { createTestDatabase, DIALECTS } from '../../src/testkit/index.ts'
import { clientPython } from '../mlflow/run-client.ts'
import { churnProject, csvOf, customers } from './fixtures/churn.ts'
import { documentOf, esteira, startEsteira, untilProcessesEnd } from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'
import { databaseFileOf, trackedState } from './fixtures/tracked-state.ts'

const PROJECT = churnProject({ tuning: { trials: 3, timeLimit: '1m', when: 'always' } })
const FILES = { 'customers.csv': csvOf(customers(1_500)), 'esteira.config.json': PROJECT }

// Several runs of the belt each, beside whatever else the machine does.
vi.setConfig({ testTimeout: 240_000 })

interface Served {
  readonly url: string
  stop(): Promise<void>
}

/** The server on the project's data, as a person starts it. */
async function serve(folder: string, environment: Record<string, string>): Promise<Served> {
  const running = startEsteira(folder, ['serve', '--port', '0'], { environment })
  onTestFinished(() => void running.child.kill('SIGKILL'))
  const [, url = ''] = await running.printed(/answers at (http:\/\/[^\s;,]+)/)
  return {
    url,
    async stop() {
      running.child.kill('SIGINT')
      await running.ended
    },
  }
}

const ROWS = {
  columns: { age: [30, null, 60], calls: [1, 9, 3], plan: ['basic', 'family', 'business'] },
  texts: ['plan'],
}

interface Facts {
  readonly runs: readonly {
    readonly name: string
    readonly status: string
    readonly kind: string
    readonly parent: string | null
    readonly user: string
    readonly datasets: readonly string[]
  }[]
  readonly histories: Readonly<Record<string, readonly (readonly [number, number])[]>>
  readonly version: object
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly signature: readonly string[]
  readonly predictions: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}

/** What the real client reads. */
async function readByMlflow(url: string): Promise<Facts> {
  const python = await clientPython('3')
  const program = path.join(import.meta.dirname, 'fixtures/tracked_belt.py')
  const { PATH = '', HOME = '' } = process.env
  const { stdout } = await promisify(execFile)(python, [program, 'churn', JSON.stringify(ROWS)], {
    env: { PATH, HOME, MLFLOW_TRACKING_URI: url },
    timeout: 120_000,
    maxBuffer: 1e8,
  })
  return JSON.parse(stdout)
}

/** What the served file answers, by the platform's own engine. */
async function expectedProbabilities(folder: string, version: ModelVersion): Promise<number[]> {
  const { digest } = version.artifact
  const file = path.join(folder, '.esteira/artifacts/sha256', digest.slice(0, 2), digest)
  const session = await loadModel({ path: file, signature: version.signature, digest })
  const { age, calls, plan } = ROWS.columns
  const { output, width } = await session.predict({
    rows: plan.length,
    columns: {
      age: Float32Array.from(age, (value) => value ?? Number.NaN),
      calls: Float32Array.from(calls),
      plan,
    },
  })
  await session.close()
  return plan.map((_, row) => output[row * width + 1] ?? Number.NaN)
}

test.each(DIALECTS)('clients read a belt back as runs and a model, on %s', async (dialect) => {
  const folder = projectFolder(FILES)
  const metadata = await createTestDatabase(dialect)
  onTestFinished(() => metadata.dispose())
  const environment = { ESTEIRA_DATABASE_URL: metadata.url, ESTEIRA_USER: 'ana' }
  const { run } = await documentOf<{ run: BeltRun }>(folder, ['run'], { environment })
  const version = await documentOf<ModelVersion>(folder, ['show', 'version', String(run.version)], {
    environment,
  })
  const server = await serve(folder, environment)

  const client = createClient({ baseUrl: server.url, retries: 0 })
  const belts = await client.runs.list({
    query: { filter: "tags.`esteira.kind` = 'belt'" },
  })
  expect(belts.items).toMatchObject([
    { project: 'churn', status: 'FINISHED', tags: { 'esteira.outcome': 'deployed' } },
  ])
  const read = client.progress({ project: 'churn', after: 0 })
  expect((await read.next()).value).toMatchObject({
    project: 'churn',
    event: { kind: 'step-started', stage: 'problem', name: 'definition' },
  })
  await read.return(undefined)

  writeFiles(folder, { 'notes.md': 'Not for customers under contract.' })
  const notes = ['--write', 'notes.md', '--reason', 'asked for by legal']
  const written = await esteira(folder, ['card', 'churn', '1', ...notes], { environment })
  expect(written).toMatchObject({ code: 0, out: expect.stringContaining('_Revision 1, by ana') })
  const card = await client.cards.get({ params: { model: 'churn', version: 1 } })
  expect(card).toMatchObject({ revision: 1, facts: expect.stringContaining('rocAuc') })
  expect(card.page).toContain('Not for customers under contract.')

  const facts = await readByMlflow(server.url)
  const candidates = facts.runs.filter(({ kind }) => kind === 'candidate')
  expect(candidates).toHaveLength(run.runs.length)
  expect(candidates.map(({ name }) => name)).toContain(version.candidate.name)
  for (const candidate of candidates) {
    expect(candidate).toMatchObject({
      status: 'FINISHED',
      parent: 'belt 2024-06-01',
      user: 'ana',
      datasets: ['customers', 'training frame'],
    })
  }
  const trials = facts.runs.filter(({ kind }) => kind === 'trial')
  expect(trials.length).toBeGreaterThan(0)
  for (const [search, history] of Object.entries(facts.histories)) {
    expect(history.map(([step]) => step)).toEqual([0, 1, 2])
    expect(trials.filter(({ parent }) => parent === search)).toHaveLength(3)
  }
  expect(facts.version).toMatchObject({
    stage: 'Production',
    aliases: ['champion'],
    run: version.candidate.name,
  })
  expect(facts.inputs).toEqual(['age', 'calls', 'plan'])
  expect(facts.signature).toEqual(facts.inputs)
  expect(facts.outputs).toEqual(['probability_0', 'probability_1'])
  const expected = await expectedProbabilities(folder, version)
  expect(Object.keys(facts.predictions)).toHaveLength(5)
  for (const prediction of Object.values(facts.predictions)) {
    const got = prediction.probability_1 ?? []
    expect(got).toHaveLength(expected.length)
    for (const [row, value] of got.entries())
      expect(value).toBeCloseTo(expected[row] ?? Number.NaN, 5)
  }
  await server.stop()
})

test('a belt that runs again, or goes on after it was killed, leaves the same runs', async () => {
  const folder = projectFolder(FILES)
  await documentOf(folder, ['run'])
  const undisturbed = await trackedState(databaseFileOf(folder), 'churn')
  expect(undisturbed.runs.length).toBeGreaterThan(8)
  expect(undisturbed.models).toHaveLength(1)
  await documentOf(folder, ['run'])
  expect(await trackedState(databaseFileOf(folder), 'churn')).toEqual(undisturbed)

  const moments = [/train simple-rule/, /tune /, /register and promote/]
  for (const line of moments) {
    rmSync(path.join(folder, '.esteira'), { recursive: true })
    const running = startEsteira(folder, ['run'])
    await running.printed(line)
    running.child.kill('SIGKILL')
    await running.ended
    await untilProcessesEnd(folder)
    await documentOf(folder, ['run'])
    expect(await trackedState(databaseFileOf(folder), 'churn')).toEqual(undisturbed)
  }
})

test('a candidate that fails is a failed run, and the aliases follow the environments', async () => {
  const broken = 'def build(parameters, context):\n    raise ValueError("no such recipe")\n'
  const project = {
    ...PROJECT,
    tuning: { rounds: 0 },
    candidates: [
      { name: 'logistic-regression', estimator: 'logistic-regression' },
      { name: 'broken', estimator: 'custom', file: 'broken.py' },
    ],
  }
  const folder = projectFolder({ ...FILES, 'broken.py': broken, 'esteira.config.json': project })
  await documentOf(folder, ['run'])
  const first = await trackedState(databaseFileOf(folder), 'churn')
  expect(first.runs.find(({ name }) => name === 'broken')).toMatchObject({
    status: 'FAILED',
    hasEnded: true,
    tags: { 'esteira.failure': expect.stringContaining('no such recipe') },
  })

  writeFiles(folder, { 'customers.csv': csvOf(customers(1_600, 8)) })
  await documentOf(folder, ['run'])
  const two = await trackedState(databaseFileOf(folder), 'churn')
  expect(two.runs.filter(({ tags }) => tags['esteira.kind'] === 'belt')).toHaveLength(2)
  expect(two.aliases).toEqual([
    { alias: 'challenger', version: 2 },
    { alias: 'champion', version: 1 },
  ])
  const promoted = await esteira(folder, ['promote', '2', 'production', '--reason', 'better'])
  expect(promoted.err).toBe('')
  expect((await trackedState(databaseFileOf(folder), 'churn')).aliases).toEqual([
    { alias: 'champion', version: 2 },
  ])
  await documentOf(folder, ['rollback', 'production', '--reason', 'worse'])
  expect((await trackedState(databaseFileOf(folder), 'churn')).aliases).toEqual([
    { alias: 'challenger', version: 2 },
    { alias: 'champion', version: 1 },
  ])
})
