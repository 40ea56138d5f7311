import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTestDatabase, type TestDatabase } from '../src/testkit/index.ts'
import { figureOf, MEASURES, type Measure, makeRuns, measure } from './platform-server/measures.ts'
import { type Seeded, seedEsteira } from './platform-server/seed-esteira.ts'
import { type Peer, startEsteira, startMlflow } from './platform-server/servers.ts'

/**
 * The tracking server beside MLflow's, on the same content, in turns: writes, reads, searches, start
 * and memory. The client runs in a process of its own.
 *
 *     node bench/platform-server.ts
 *
 * ESTEIRA_BENCH_MLFLOW_PYTHON names the Python of an environment with MLflow (without one, Esteira
 * is measured alone), ESTEIRA_BENCH_DATABASE is sqlite (default) or postgres, ESTEIRA_BENCH_RUNS the
 * number of runs (default 100,000).
 */

const RUNS = Number(process.env.ESTEIRA_BENCH_RUNS ?? 100_000)
const EXPERIMENTS = 5_000
const POINTS = Number(process.env.ESTEIRA_BENCH_POINTS ?? 1_000_000)
const CLIENT_RUNS = 20
const DIALECT = process.env.ESTEIRA_BENCH_DATABASE === 'postgres' ? 'postgres' : 'sqlite'
const PYTHON = process.env.ESTEIRA_BENCH_MLFLOW_PYTHON

interface Competitor {
  readonly seeded: Seeded
  readonly start: () => Promise<Peer>
}

interface Row {
  readonly what: string
  readonly aim: string
  readonly figures: string[]
}

const say = (line: string) => process.stderr.write(`${line}\n`)

async function esteira(scene: TestDatabase, folder: string): Promise<Competitor> {
  say(`Seeding Esteira with ${RUNS} runs …`)
  const seeded = await seedEsteira(scene.url, {
    runs: RUNS,
    experiments: EXPERIMENTS,
    points: POINTS,
  })
  return { seeded, start: () => startEsteira(scene.url, folder) }
}

async function mlflow(scene: TestDatabase, folder: string, python: string): Promise<Competitor[]> {
  say(`Seeding MLflow with ${RUNS} runs …`)
  const databaseUrl =
    scene.dialect === 'sqlite'
      ? `sqlite:///${join(folder, 'mlflow.db')}`
      : // The driver is named, and reads a plus as a plus.
        scene.url.replaceAll('+', '%20').replace('postgresql:', 'postgresql+psycopg2:')
  const script = fileURLToPath(new URL('./platform-server/seed_mlflow.py', import.meta.url))
  const sizes = [RUNS, EXPERIMENTS, POINTS].map(String)
  const said = execFileSync(python, [script, databaseUrl, 'mlflow-artifacts:/', ...sizes], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const seeded = JSON.parse(said.trim().split('\n').at(-1) ?? '{}') as Seeded
  return [1, undefined].map((workers) => ({
    seeded,
    start: () => startMlflow({ python, databaseUrl, folder, workers }),
  }))
}

async function measureAll(competitor: Competitor, rows: Row[]): Promise<string> {
  const peer = await competitor.start()
  say(`${peer.name} is up after ${peer.readyMs.toFixed(0)} ms`)
  try {
    const idle = peer.residentMebibytes()
    rows[0]?.figures.push(`${peer.readyMs.toFixed(0)} ms`)
    rows[1]?.figures.push(`${idle.toFixed(0)} MiB`)
    const { seeded } = competitor
    const runIds = await makeRuns(peer, seeded, CLIENT_RUNS)
    for (const [i, what] of MEASURES.entries()) {
      rows[i + 2]?.figures.push(await oneFigure(peer, what, { seeded, runIds }))
    }
    rows.at(-1)?.figures.push(`${peer.residentMebibytes().toFixed(0)} MiB`)
    return peer.name
  } finally {
    await peer.stop()
  }
}

async function oneFigure(
  peer: Peer,
  what: Measure,
  on: { readonly seeded: Seeded; readonly runIds: readonly string[] },
): Promise<string> {
  try {
    const figures = await measure(peer, what, on)
    const figure = figureOf(what, figures)
    say(
      `${peer.name}: ${what.what}: ${figure.toFixed(1)} ${what.unit} (${figures.requests} requests)`,
    )
    return `${figure.toFixed(figure < 100 ? 1 : 0)} ${what.unit}`
  } catch (error) {
    say(`${peer.name}: ${what.what}: ${String(error).slice(0, 500)}`)
    return 'failed, or over 30 s'
  }
}

function emptyRows(): Row[] {
  return [
    { what: 'start to ready (with this content)', aim: '≤ 500 ms when empty', figures: [] },
    { what: 'idle memory', aim: '≤ 200 MiB', figures: [] },
    ...MEASURES.map(({ what, aim }) => ({ what, aim, figures: [] })),
    { what: 'memory after all this', aim: '', figures: [] },
  ]
}

/** What PostgreSQL's autovacuum does within a minute or two of such a load: for both alike. */
async function settle(scene: TestDatabase): Promise<void> {
  if (scene.dialect !== 'postgres') return
  const { Client } = (await import('pg')).default
  const client = new Client(scene.url)
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    'SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema()',
  )
  for (const { name } of rows) await client.query(`VACUUM (ANALYZE) ${name}`)
  await client.end()
}

const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-platform-'))
const scenes = [await createTestDatabase(DIALECT), await createTestDatabase(DIALECT)] as const
try {
  const own = join(folder, 'esteira')
  mkdirSync(own)
  const competitors = [await esteira(scenes[0], own)]
  if (PYTHON !== undefined) competitors.push(...(await mlflow(scenes[1], folder, PYTHON)))
  for (const scene of scenes) await settle(scene)
  const rows = emptyRows()
  const names: string[] = []
  for (const competitor of competitors) names.push(await measureAll(competitor, rows))
  const lines = [
    `| ${DIALECT}, ${RUNS} runs | aim | ${names.join(' | ')} |`,
    `|---|---|${names.map(() => '--:').join('|')}|`,
    ...rows.map(({ what, aim, figures }) => `| ${what} | ${aim} | ${figures.join(' | ')} |`),
  ]
  console.log(lines.join('\n'))
} finally {
  for (const scene of scenes) await scene.dispose()
  rmSync(folder, { recursive: true })
}
