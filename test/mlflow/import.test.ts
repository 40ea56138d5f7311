import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS } from '../../src/testkit/index.ts'
import { followGuide } from './follow-guide.ts'
import { type Content, contentOf, type ImportTarget, openTarget } from './import-target.ts'
import { type Filled, fill, freePort, type MlflowServer, startMlflow } from './mlflow-source.ts'

const MAIN = fileURLToPath(new URL('../../src/surfaces/cli/main.ts', import.meta.url))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const folder = mkdtempSync(join(tmpdir(), 'esteira-import-test-'))
let mlflow: MlflowServer
let filled: Filled

beforeAll(async () => {
  mlflow = await startMlflow()
  filled = await fill(mlflow.url, {})
}, 900_000)
afterAll(async () => {
  await mlflow?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What the real client logged must be here. */
function expectAll(content: Content, { runs, model, gone, default: ofDefault }: Filled): void {
  const [first = '', second, third] = runs
  expect(content.experiments).toEqual(
    expect.arrayContaining([
      { name: 'Default', lifecycle: 'active', tags: expect.anything() },
      {
        name: 'flights',
        lifecycle: 'active',
        tags: expect.objectContaining({ 'mlflow.note.content': 'delays' }),
      },
      { name: 'gone', lifecycle: 'deleted', tags: expect.anything() },
    ]),
  )
  expect(content.runs.map(({ id }) => id).toSorted()).toEqual([...runs, gone, ofDefault].toSorted())
  const run = (id: string | undefined) => content.runs.find((one) => one.id === id)
  expect(run(first)).toMatchObject({
    name: 'run 0',
    experiment: 'flights',
    status: 'FINISHED',
    lifecycle: 'active',
    startedAtMs: 1_700_000_000_000,
    endedAtMs: 1_700_000_100_000,
    parameters: [
      { key: 'depth', value: '0' },
      { key: 'text', value: 'x'.repeat(5000) },
    ],
    tags: { team: 'north', 'note é': "ünïcode 'quoted'", more: 'yes' },
    datasets: [
      {
        name: 'flights',
        digest: 'abc123',
        sourceType: 'local',
        source: '{"uri":"flights.csv"}',
        schema: '{"a":1}',
        tags: { 'mlflow.data.context': 'training' },
      },
    ],
    modelOutputs: [{ modelId: model, step: 3 }],
  })
  expect(run(second)?.status).toBe('FAILED')
  expect(run(third)?.lifecycle).toBe('deleted')
  const metrics = run(first)?.metrics ?? []
  const points = (key: string) => metrics.filter((metric) => metric.key === key)
  expect(points('loss').map(({ value, step }) => [step, value])).toEqual(
    Array.from({ length: 500 }, (_, step) => [step, 1 / (step + 1)]),
  )
  expect(points('odd').map(({ value }) => value)).toEqual([
    Number.NaN,
    -0.1 - 0.2,
    Number.MAX_VALUE,
  ])
  expectRegistry(content, filled)
}

function expectRegistry(content: Content, { runs, model }: Filled): void {
  const [first] = runs
  expect(content.models).toMatchObject([
    {
      id: model,
      name: 'forest',
      status: 'READY',
      modelType: 'tree',
      sourceRunId: first,
      tags: { k: 'v' },
      parameters: [{ key: 'depth', value: '7' }],
      metrics: [{ key: 'auc', value: 0.75, step: 3, datasetName: 'flights', runId: first }],
    },
  ])
  const versions = content.versions.toSorted((a, b) => a.version - b.version)
  expect(versions).toMatchObject([
    {
      model: 'churn',
      version: 1,
      stage: 'Production',
      environments: ['production'],
      description: 'the first',
      tags: { t: '1' },
      aliases: ['champion'],
      artifactUri: `/${first}/artifacts/deep`,
    },
    {
      version: 3,
      stage: 'Staging',
      environments: ['staging'],
      aliases: ['challenger'],
      modelId: model,
      source: `models:/${model}`,
      artifactUri: `/models/${model}/artifacts`,
    },
  ])
  expect(content.files).toMatchObject({
    [`/${first}/artifacts/top.txt`]: sha256('run 0'),
    [`/${first}/artifacts/deep/a b.txt`]: sha256('spaces and ümlauts'),
    [`/${first}/artifacts/deep/er/100%.bin`]: sha256('\0\u0001\u0002'.repeat(1000)),
    [`/models/${model}/artifacts/data/model.bin`]: sha256('model '.repeat(1000)),
  })
  expect(Object.keys(content.files)).toHaveLength(20)
}

describe.each(DIALECTS)('an import into %s', { timeout: 120_000 }, (dialect) => {
  it('brings over all that a server or its database has, and again changes nothing', async () => {
    const database = await createTestDatabase(dialect)
    const target = await openTarget(database.url)
    try {
      const [from, options] =
        dialect === 'sqlite'
          ? [mlflow.url, {}]
          : [mlflow.databaseUrl, { artifacts: mlflow.artifacts }]
      const looked = await target.import(from, { ...options, dryRun: true })
      expect(looked).toMatchObject({ counts: { runs: 8, changes: 0 }, problems: [] })
      expect(target.changes).toEqual([])
      const report = await target.import(from, options)
      expect(report.problems).toEqual([])
      expect(report).toMatchObject({
        isComplete: true,
        counts: { experiments: 3, runs: 8, points: 3021, versions: 2, files: 20, copiedFiles: 20 },
      })
      const content = await contentOf(target)
      expectAll(content, filled)
      const before = target.changes.length
      const again = await target.import(from, options)
      expect(again).toMatchObject({ isComplete: true, counts: { changes: 0, copiedFiles: 0 } })
      expect(target.changes).toHaveLength(before)
      expect(await contentOf(target)).toEqual(content)
      // A second source has an experiment "flights" too.
      const other = mlflow.url.replace('127.0.0.1', 'localhost')
      await expect(target.import(other)).rejects.toMatchObject({ code: 'IMPORT_NAME_TAKEN' })
      expect(target.changes).toHaveLength(before)
    } finally {
      await target.close()
      await database.dispose()
    }
  })
})

describe('databases of other kinds', { timeout: 120_000 }, () => {
  const withTarget = async (work: (target: ImportTarget) => Promise<void>) => {
    const database = await createTestDatabase('sqlite')
    const target = await openTarget(database.url)
    try {
      await work(target)
    } finally {
      await target.close()
      await database.dispose()
    }
  }

  it('are read from PostgreSQL', async () => {
    const source = await createTestDatabase('postgres')
    const artifacts = join(folder, 'postgres-artifacts')
    try {
      // SQLAlchemy wants the driver named; so may people give it here.
      const url = source.url.replace('postgresql:', 'postgresql+psycopg2:')
      const here = await fill(url, {
        SOURCE_ARTIFACTS: `file://${artifacts}`,
        SOURCE_RUNS: '3',
      })
      await withTarget(async (target) => {
        const report = await target.import(url)
        expect(report.problems).toEqual([])
        expect(report).toMatchObject({ isComplete: true, counts: { runs: 5, files: 11 } })
        const content = await contentOf(target)
        expect(content.runs.find(({ id }) => id === here.runs[0])?.metrics).toHaveLength(504)
        expect(content.versions.map(({ version }) => version).toSorted()).toEqual([1, 3])
      })
    } finally {
      await source.dispose()
    }
  })

  it('are read as MLflow 2.22.5 left them; damaged files are told, the rest comes', async () => {
    const file = join(folder, 'mlflow-2.db')
    const url = `sqlite:///${file}`
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    database.exec(readFileSync(new URL('fixtures/mlflow-2.22.5.sql', import.meta.url), 'utf8'))
    const [run] = database.prepare("SELECT run_uuid FROM runs WHERE name = 'run 0'").all()
    database.close()
    const own = join(folder, 'two', 'art2', String(run?.run_uuid), 'artifacts', 'deep')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'model.txt'), 'a model')
    await withTarget(async (target) => {
      await expect(target.import(url)).rejects.toMatchObject({ code: 'IMPORT_ARTIFACTS_UNKNOWN' })
      symlinkSync('/etc/hostname', join(own, 'outside.txt'))
      symlinkSync(join(own, 'nothing'), join(own, 'broken.txt'))
      const options = { artifacts: join(folder, 'two') }
      const report = await target.import(url, options)
      expect(report.isComplete).toBe(false)
      expect(report.problems.map(({ what }) => what.replace(/^.*\//, '')).toSorted()).toEqual([
        'broken.txt',
        'outside.txt',
      ])
      rmSync(join(own, 'outside.txt'))
      rmSync(join(own, 'broken.txt'))
      expect(await target.import(url, options)).toMatchObject({ isComplete: true, problems: [] })
      const content = await contentOf(target)
      expect(Object.values(content.files)).toEqual([sha256('a model')])
      expect(content.runs).toHaveLength(6)
      expect(content.versions).toHaveLength(2)
    })
  })

  it('are refused when their schema is not known', async () => {
    const file = join(folder, 'future.db')
    const database = new DatabaseSync(file)
    database.exec(
      "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('ffffffffffff')",
    )
    database.close()
    await withTarget(async (target) => {
      await expect(target.import(`sqlite:///${file}`)).rejects.toMatchObject({
        code: 'IMPORT_SCHEMA_UNKNOWN',
        message: expect.stringContaining('ffffffffffff'),
      })
      await expect(target.import('ftp://x')).rejects.toMatchObject({
        code: 'IMPORT_SOURCE_INVALID',
      })
      await expect(target.import('sqlite:////nowhere/x.db')).rejects.toMatchObject({
        code: 'IMPORT_SOURCE_UNREADABLE',
      })
    })
  })

  it('of hostile servers do no harm', async () => {
    await withTarget(async (target) => {
      const away = await serve((_request, response) => {
        response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
      })
      await expect(target.import(away.url)).rejects.toMatchObject({
        code: 'IMPORT_SOURCE_REFUSED',
        message: expect.stringContaining('169.254.169.254'),
      })
      await away.close()
      const hostile = await serve(hostileServer)
      const report = await target.import(hostile.url)
      await hostile.close()
      expect(report.isComplete).toBe(false)
      expect(report.problems.map(({ what }) => what).toSorted()).toEqual([
        'file run/cut/short.bin',
        'files of run/out',
        'metric ../up of run/out',
        'run/out',
      ])
      expect((await contentOf(target)).files).toEqual({})
    })
  })
})

const ANSWERS: Readonly<Record<string, unknown>> = {
  'experiments/search': {
    experiments: [{ experiment_id: '7', name: 'bad', lifecycle_stage: 'active' }],
  },
  'runs/search': {
    runs: ['cut', 'out'].map((run_id) => ({
      info: { run_id, status: 'FINISHED', lifecycle_stage: 'active', start_time: 1 },
      data: { metrics: run_id === 'out' ? [{ key: '../up' }] : [] },
    })),
  },
  'metrics/get-history': { metrics: [{ key: '../up', value: 1, timestamp: '5' }] },
}

const hostileServer: RequestListener = (request, response) => {
  const url = new URL(request.url ?? '', 'http://here')
  if (url.pathname.endsWith('/artifacts/list')) {
    const isCut = url.searchParams.get('run_id') === 'cut'
    const path = isCut ? 'short.bin' : '../../../outside.txt'
    response.end(JSON.stringify({ files: [{ path, is_dir: false, file_size: '100' }] }))
  } else if (url.pathname.endsWith('/get-artifact')) response.end('too short')
  else if (url.pathname.includes('logged-models')) response.writeHead(404).end()
  else response.end(JSON.stringify(ANSWERS[url.pathname.replace('/api/2.0/mlflow/', '')] ?? {}))
}

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

describe('an import by the command line', { timeout: 120_000 }, () => {
  it('goes on after kill -9, and ends as if nothing had been', async () => {
    const data = join(folder, 'killed')
    const args = ['--from', mlflow.url, '--data-dir', data]
    const first = start(args)
    // Killed as soon as the first run's files come.
    while (first.child.exitCode === null && !(await hasFiles(data))) await setTimeout(5)
    first.child.kill('SIGKILL')
    expect((await first.ended).signal).toBe('SIGKILL')
    const second = await start([...args, '--json']).ended
    expect(second.code).toBe(0)
    const report = JSON.parse(second.stdout)
    expect(report).toMatchObject({ isComplete: true, problemCount: 0 })
    expect(report.counts.changes).toBeGreaterThan(0)
    const target = await openTarget(join(data, 'metadata.db'), join(data, 'mlartifacts'))
    try {
      expectAll(await contentOf(target), filled)
      expect(await target.import(mlflow.url)).toMatchObject({ counts: { changes: 0 } })
    } finally {
      await target.close()
    }
  })
})

describe('the guide "Move from MLflow in ten minutes"', { timeout: 180_000 }, () => {
  it('can be followed word by word', async () => {
    const port = await freePort()
    const ends = await followGuide('docs/guides/move-from-mlflow.md', join(folder, 'guide'), {
      '127.0.0.1:5000': new URL(mlflow.url).host,
      '127.0.0.1:8080': `127.0.0.1:${port}`,
      '--port 8080': `--port ${port}`,
    })
    expect(ends.map(({ code }) => code)).toEqual(ends.map(() => 0))
    const output = (command: string) => ends.filter((end) => end.command.startsWith(command))
    const [looked, brought] = output('esteira import')
    expect(looked?.stdout).toContain('would bring over: 3 experiments, 8 runs')
    expect(brought?.stdout).toContain('complete: everything was compared with the source')
    const [here, there] = output('mlflow experiments search')
    expect(here?.stdout).toContain('flights')
    expect(there?.stdout).toContain('flights')
    expect(output('mlflow runs list')[0]?.stdout).toContain(filled.runs[0])
  })
})

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'import', 'mlflow', ...args])
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const ended = new Promise<{ code: number | null; signal: string | null; stdout: string }>(
    (resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout })),
  )
  return { child, ended }
}

async function hasFiles(data: string): Promise<boolean> {
  const { readdir } = await import('node:fs/promises')
  const names = await readdir(join(data, 'mlartifacts')).catch(() => [])
  return names.some((name) => !name.startsWith('.'))
}
