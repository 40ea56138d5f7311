import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { BeltRun, EndpointState, EnvironmentChange } from '../../src/core/records/index.ts'
import { STAGES } from '../../src/core/records/index.ts'
import type { Dialect } from '../../src/platform/database/index.ts'
import { createTestDatabase, DIALECTS } from '../../src/testkit/index.ts'
import { type Customer, csvOf, customers } from './fixtures/churn.ts'
import { documentOf, esteira, processesOf, startEsteira } from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'

const PROJECT = `
import {
  csv, defineProject, entity, featureView, httpJson, logisticRegression, notNull, sql, unique, xgboost,
} from 'esteira'

export default defineProject({
  name: 'churn',
  asOf: '2024-06-01',
  problem: {
    statement: 'Will this customer leave within 30 days?',
    type: 'binary-classification',
    target: 'gone',
    value: {
      currency: 'BRL',
      truePositive: 60,
      falsePositive: -15,
      falseNegative: -80,
      trueNegative: 0,
      decisionsPerMonth: 3_000,
    },
  },
  sources: {
    customers: csv({ path: 'customers.csv', expectations: [unique('id'), notNull('gone')] }),
    usage: sql({ connection: 'sqlite:usage.db', query: 'SELECT * FROM usage', types: { seen_at: 'TIMESTAMP' } }),
    plans: httpJson({ url: '\${env:PLANS_URL}', items: 'plans' }),
  },
  entities: { customer: entity({ keys: ['id'] }) },
  featureViews: {
    usage: featureView({
      entity: 'customer',
      eventTime: 'seen_at',
      sql: 'SELECT id, seen_at, calls::DOUBLE AS calls FROM usage',
    }),
  },
  dataset: {
    sql: \`SELECT c.id, c.age, c.plan, p.price::DOUBLE AS price, c.gone,
      TIMESTAMP '2024-05-01' AS predicted_at
      FROM customers c JOIN plans p ON p.plan = c.plan\`,
    id: 'id',
    predictionTime: 'predicted_at',
    inputs: ['age', 'plan', 'price'],
    features: ['usage'],
    split: { by: 'stratified' },
    leakage: { maxSharedRows: 1 },
  },
  candidates: [logisticRegression(), xgboost({ parameters: { n_estimators: 20, max_depth: 3 } })],
  training: { folds: 2 },
  evaluation: {
    bootstrap: { resamples: 50 },
    latency: { requests: 100, warmup: 10 },
    robustness: { rows: 300 },
    slices: ['plan'],
  },
  gate: {
    criteria: [
      { kind: 'absolute', metric: 'rocAuc', atLeast: 0.7 },
      { kind: 'baseline', metric: 'valuePerDecision' },
      { kind: 'champion', metric: 'rocAuc', margin: 0.2 },
    ],
  },
})
`

const PLANS = [
  { plan: 'basic', price: 10 },
  { plan: 'family', price: 25 },
  { plan: 'business', price: 60 },
]

async function plansApi(): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ plans: PLANS }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}/plans`
}

function writeUsage(folder: string, rows: readonly Customer[]): void {
  const database = new DatabaseSync(path.join(folder, 'usage.db'))
  database.exec('CREATE TABLE usage (id INTEGER, seen_at TEXT, calls REAL)')
  database.exec('BEGIN')
  const insert = database.prepare('INSERT INTO usage VALUES (?, ?, ?)')
  for (const { id, calls } of rows) insert.run(id, '2024-04-20 00:00:00', calls)
  database.exec('COMMIT')
  database.close()
}

/** Where metadata is kept: the project's own file, or PostgreSQL by the variable. */
async function metadataOn(dialect: Dialect): Promise<Readonly<Record<string, string>>> {
  if (dialect === 'sqlite') return {}
  const database = await createTestDatabase(dialect)
  onTestFinished(() => database.dispose())
  return { ESTEIRA_DATABASE_URL: database.url }
}

interface Status {
  readonly environments: Readonly<Record<string, EnvironmentChange | null>>
  readonly endpoint: EndpointState | null
}

/** Steps that ask the outside or change a state run every time; all others only once. */
const ALWAYS =
  /^(definition|fetch usage|fetch plans|register and promote to staging|online features|roll out version \d+)$/

async function infer(address: string, inputs: Readonly<Record<string, number | string>>) {
  const tensors = Object.entries(inputs).map(([name, value]) => ({
    name,
    shape: [1],
    datatype: typeof value === 'string' ? 'BYTES' : 'FP64',
    data: [value],
  }))
  const response = await fetch(`${address}/v2/models/churn/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: tensors }),
  })
  return { status: response.status, answer: await response.json() }
}

test.each(DIALECTS)(
  'a project is checked, run, run again, looked at, reproduced, served, promoted and rolled back on %s',
  async (dialect) => {
    const rows = customers(1_500)
    const table = (chosen: readonly Customer[]) =>
      csvOf(chosen.map(({ id, age, plan, gone }) => ({ id, age: age ?? '', plan, gone })))
    const folder = projectFolder({
      'esteira.config.ts': PROJECT,
      'customers.csv': table(rows.slice(0, 1_400)),
    })
    writeUsage(folder, rows)
    const environment = { PLANS_URL: await plansApi(), ...(await metadataOn(dialect)) }
    const ask = <T>(...args: string[]) => documentOf<T>(folder, args, { environment })

    expect(await ask('check')).toMatchObject({ valid: true, project: 'churn' })
    const { run, report } = await ask<{ run: BeltRun; report: string }>('run')
    expect(run).toMatchObject({ outcome: 'deployed', version: 1, failedRuns: [] })
    expect(run.runs).toHaveLength(4)
    const page = readFileSync(report, 'utf8')
    for (const stage of STAGES) expect(page.toLowerCase()).toContain(stage)
    for (const word of ['Problema', 'Coleta', 'Monitoramento']) expect(page).toContain(word)

    const { run: second } = await ask<{ run: BeltRun }>('run')
    expect(second).toMatchObject({ outcome: 'deployed', version: 1, verdicts: run.verdicts })
    const computed = second.steps.filter((step) => !step.cached).map((step) => step.name)
    expect(computed.filter((name) => !ALWAYS.test(name))).toEqual([])

    expect(await ask<Status>('status')).toMatchObject({
      environments: { production: { version: 1 } },
      endpoint: { stable: 1, canary: null },
    })
    expect(await ask('show', 'version', 'v1')).toMatchObject({
      version: 1,
      lineage: { frame: run.frame },
    })
    const [trained = ''] = run.runs
    expect(await ask('reproduce', trained)).toMatchObject({ reproduced: true })

    // More customers have come: the same command makes the next version.
    writeFiles(folder, { 'customers.csv': table(rows) })
    const { run: third } = await ask<{ run: BeltRun }>('run', '--as-of', '2024-06-02')
    expect(third).toMatchObject({ outcome: 'deployed', version: 2 })
    await ask('rollback', 'production', '--reason', 'complaints since the morning')
    expect(await ask<Status>('status')).toMatchObject({
      environments: { production: { version: 1, action: 'rollback' } },
      endpoint: { stable: 1 },
    })
    await ask('promote', '2', 'production', '--reason', 'the complaints were about something else')
    expect(await ask<Status>('status')).toMatchObject({
      environments: { production: { version: 2, action: 'promote' } },
      endpoint: { stable: 2 },
    })
    const unknown = await esteira(folder, ['promote', '7', 'production', '--reason', 'no such'], {
      environment,
    })
    expect(unknown.code).toBe(9)

    const serving = startEsteira(folder, ['serve', '--port', '0', '--json'], { environment })
    const [, address = ''] = await serving.printed(/"address": "([^"]+)"/)
    const young = { id: 1_499, age: 19, plan: 'basic', price: 10 }
    const { status, answer } = await infer(address, young)
    expect({ status, answer }).toMatchObject({
      status: 200,
      answer: { model_name: 'churn', model_version: '2' },
    })
    expect((await infer(address, { ...young, age: 'nineteen' })).status).toBe(400)
    const ownFile = path.join(folder, '.esteira', 'metadata.db')
    expect(existsSync(ownFile)).toBe(dialect === 'sqlite')
    serving.child.kill('SIGINT')
    expect((await serving.ended).code).toBe(0)
    expect(processesOf(folder)).toEqual([])
  },
  180_000,
)
