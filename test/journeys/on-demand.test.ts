import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Frame, ModelVersion } from '../../src/core/records/index.ts'
import type { ProjectInput } from '../../src/index.ts'
import { openDatabase } from '../../src/platform/database/index.ts'
import { loadModel, readFramePart } from '../../src/platform/inference/index.ts'
import { openPredictionLog } from '../../src/platform/prediction-log/index.ts'
import {
  openArtifactStore,
  openRecordStore,
  openTableEngine,
} from '../../src/platform/storage/index.ts'
import { startServer } from '../faults/fixtures/server-process.ts'
import { csvOf } from './fixtures/churn.ts'
import { documentOf, failureOf } from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'
import { readings, sensorProject } from './fixtures/sensor.ts'

const ON_DEMAND = {
  strain: '(heat - 40) * shake / 3',
  // Missing for cool machines.
  ratio: 'shake / floor(heat / 50)',
  // A share that nobody sends: it is looked up for each request.
  risk: 'if(coalesce(recent__failure_share, 0.5) > 0.4, heat % 7, recent__failure_share)',
}

function projectWith(onDemand: Record<string, string>): ProjectInput {
  const project = sensorProject()
  return {
    ...project,
    dataset: { ...project.dataset, onDemand },
    replay: { from: '2024-01-21', until: '2024-01-27', concurrency: 8 },
  }
}

/** A project's stores, beside its commands. */
async function openStores(folder: string) {
  const data = path.join(folder, '.esteira')
  const database = await openDatabase({ url: path.join(data, 'metadata.db') })
  const log = await openPredictionLog(path.join(data, 'predictions'))
  const engine = await openTableEngine({ temporaryFolder: path.join(folder, 'engine') })
  const store = openRecordStore(database, { project: 'machines' })
  const artifacts = openArtifactStore(path.join(data, 'artifacts'))
  const close = async () => {
    engine.close()
    await log.close()
    await database.close()
  }
  return { store, artifacts, log, engine, close }
}

type Stores = Awaited<ReturnType<typeof openStores>>

type Inputs = Readonly<Record<string, number | string | null>>

/** Rows of a frame by id: as they were written, and the model's answers to each on its own. */
async function framed({ artifacts, engine }: Stores, frame: Frame, model: ModelVersion) {
  const { signature, artifact } = model
  const session = await loadModel({ path: artifacts.pathOf(artifact.digest), signature })
  const rows = new Map<string, { readonly inputs: Inputs; readonly output: readonly number[] }>()
  const names = signature.inputs.map(({ name }) => name)
  for (const part of Object.values(frame.parts)) {
    const file = artifacts.pathOf(part.table.digest)
    const written = await engine.query<Record<string, number | null>>(
      `SELECT ${names.join(', ')} FROM read_parquet('${file}')`,
    )
    const { ids, batch } = await readFramePart({ engine, path: file, inputs: signature.inputs })
    for (const [row, id] of ids.entries()) {
      const columns = Object.fromEntries(
        names.map((name) => [name, batch.columns[name]?.slice(row, row + 1) ?? []]),
      )
      const { output } = await session.predict({ rows: 1, columns })
      rows.set(id, { inputs: written[row] ?? {}, output: [...output] })
    }
  }
  await session.close()
  return rows
}

/** The parts of answers that are looked at. */
interface Answer {
  readonly inputs: readonly { readonly name: string }[]
  readonly explanations: readonly { readonly contributions: Readonly<Record<string, number>> }[]
}

async function ask(url: string, route: string, body?: object) {
  const response = await fetch(`${url}/${route}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  })
  const document: Partial<Answer> = JSON.parse(await response.text())
  return { status: response.status, document }
}

const columns = (values: Readonly<Record<string, number | string>>) => ({
  inputs: Object.entries(values).map(([name, value]) => ({
    name,
    datatype: typeof value === 'number' ? 'FP64' : 'BYTES',
    shape: [1],
    data: [value],
  })),
})

test('computed inputs are the same bits in training and in serving, and stay a version’s own', async () => {
  const folder = projectFolder({
    'readings.csv': csvOf(readings(29, 5)),
    'esteira.config.json': projectWith(ON_DEMAND),
  })
  await documentOf(folder, ['run'])
  await documentOf(folder, ['replay'])
  const stores = await openStores(folder)
  onTestFinished(() => stores.close())

  // The replay asked the gateway for rows that the next training then had in its frame.
  const versions = (await stores.store.list('model-version')).map(({ record }) => record)
  const first = versions.find(({ version }) => version === 1)
  const frames = (await stores.store.list('frame')).map(({ record }) => record)
  const newest = frames
    .toSorted((a, b) => (a.parts.test.to ?? '').localeCompare(b.parts.test.to ?? ''))
    .at(-1)
  if (first === undefined || newest === undefined) throw new Error('nothing was trained')
  expect(first.signature.inputs.flatMap(({ onDemand }) => onDemand ?? [])).toEqual(
    Object.values(ON_DEMAND),
  )
  const rows = await framed(stores, newest, first)
  const asked = await stores.log.window({ endpoint: 'machines', fromMs: 0, toMs: 1e15, version: 1 })
  const both = asked.flatMap((entry) => {
    const row = rows.get(entry.id)
    return row === undefined ? [] : [{ entry, row }]
  })
  expect(both.length).toBeGreaterThan(100)
  for (const { entry, row } of both) {
    expect(entry.inputs).toEqual(row.inputs)
    expect(entry.output).toEqual(row.output)
  }
  for (const name of Object.keys(ON_DEMAND)) {
    const values = both.map(({ entry }) => entry.inputs[name])
    expect(new Set(values).size).toBeGreaterThan(20)
  }
  expect(both.some(({ entry }) => entry.inputs.ratio === null)).toBe(true)

  // What the project file says later changes nothing for a version that stands.
  writeFiles(folder, {
    'esteira.config.json': projectWith({ strain: 'heat + shake' }),
    'rows.csv': csvOf(
      readings(29, 5)
        .slice(-200)
        .map(({ fails, known_at, ...sent }) => sent),
    ),
  })
  const server = await startServer({
    folder: path.join(folder, '.esteira'),
    command: 'gateway',
    args: [folder],
  })
  onTestFinished(async () => {
    await server.stop()
  })
  const model = await ask(server.url, 'v2/models/machines')
  expect(model.document.inputs?.map(({ name }) => name)).toEqual(['heat', 'shake', 'machine'])
  const row = { heat: 71.25, shake: 2.5, machine: 'm1' }
  const answer = await ask(server.url, 'v2/models/machines/infer', columns(row))
  expect(answer.status).toBe(200)
  const sent = await ask(server.url, 'v2/models/machines/infer', columns({ ...row, strain: 1 }))
  expect(sent).toMatchObject({ status: 400, document: { code: 'INPUT_COMPUTED' } })
  const explained = await ask(server.url, 'v1/models/machines:explain', { instances: [row] })
  expect(explained.status).toBe(200)
  expect(Object.keys(explained.document.explanations?.[0]?.contributions ?? {})).toEqual(
    first.signature.inputs.map(({ name }) => name),
  )
  await server.stop()
  const live = await stores.log.window({
    endpoint: 'machines',
    fromMs: Date.now() - 600_000,
    toMs: 1e15,
  })
  expect(live.at(-1)?.inputs).toMatchObject({
    strain: ((row.heat - 40) * row.shake) / 3,
    ratio: row.shake,
  })

  // A file has the same columns as a request; features are those of each row's own time.
  const done = await documentOf<{ predicted: number }>(folder, [
    ...['predict', '--input', 'rows.csv', '--output', 'answers.csv'],
    ...['--model-version', '1', '--at-column', 'read_at'],
  ])
  expect(done.predicted).toBe(200)
}, 240_000)

test('a mistake in an expression is shown before anything runs', async () => {
  const folder = projectFolder({
    'readings.csv': csvOf(readings(2, 2)),
    'esteira.config.json': projectWith({ strain: 'heat * shak' }),
  })
  const { exit, error } = await failureOf(folder, ['run'])
  expect(exit).toBe(2)
  expect(`${error.code} ${error.message}`).toMatch(
    /PROJECT_INVALID [\s\S]*esteira\.config\.json:\d+:\d+ dataset\.onDemand\.strain: .* at character 8, got "shak"; did you mean "shake"\?/,
  )
})
