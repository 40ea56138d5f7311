import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProjectInput } from '../../core/records/index.ts'
import { openTableEngine, type TableEngine } from '../storage/index.ts'
import { checkColumns } from './check-columns.ts'
import { checkQueries } from './check-queries.ts'
import { validateProject } from './validate-project.ts'

let folder = ''
let engine: TableEngine
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-columns-'))
  engine = await openTableEngine({ temporaryFolder: path.join(folder, 'tmp') })
  writeFileSync(path.join(folder, 'orders.csv'), 'order_id,placed_at,price\n1,2024-01-01,9.5\n')
})
afterEach(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

const INPUT: ProjectInput = {
  name: 'orders',
  problem: {
    statement: 'What will this order cost in the end?',
    type: 'regression',
    target: 'price',
  },
  sources: { orders: { kind: 'csv', path: 'orders.csv' } },
  dataset: {
    sql: 'SELECT *, price * 2 AS double_price FROM orders',
    id: 'order_id',
    inputs: ['double_price'],
  },
  gate: { criteria: [{ kind: 'absolute', metric: 'r2', atLeast: 0.1 }] },
}

function projectOf(change: Partial<ProjectInput> = {}) {
  const { project, issues } = validateProject({ ...INPUT, ...change })
  if (project === undefined) throw new Error(JSON.stringify(issues))
  return project
}

function withSql(sql: string, more: Partial<ProjectInput['dataset']> = {}) {
  return projectOf({ dataset: { ...INPUT.dataset, sql, ...more } })
}

async function queryMessages(sql: string): Promise<string[]> {
  const issues = await checkQueries(withSql(sql), { engine })
  return issues.map((issue) => issue.message)
}

async function columnMessages(project: ReturnType<typeof projectOf>): Promise<string[]> {
  const { issues } = await checkColumns(project, { folder, engine })
  return issues.map((issue) => issue.message)
}

describe('checkQueries', () => {
  it.each([
    'SELECT * FROM orders',
    'FROM orders SELECT price',
    'WITH recent AS (SELECT * FROM Orders) SELECT * FROM recent r JOIN "orders" o USING (order_id)',
    'SELECT * FROM orders WHERE price > (SELECT avg(price) FROM orders)',
    'SELECT o.price FROM orders o, LATERAL (SELECT o.price + x AS y FROM range(3) t(x))',
    'SELECT 1 UNION ALL SELECT price FROM orders; -- the end',
  ])('accepts %s', async (sql) => {
    expect(await queryMessages(sql)).toEqual([])
  })

  it.each([
    ['SELECT * FROM oders', /got the table "oders"; did you mean "orders"\?$/],
    ['SELECT *\nFORM orders', /syntax error at or near "orders" at line 2, column 6 of the SQL/],
    ['DELETE FROM orders', /expected one SELECT statement of DuckDB, got another kind/],
    ['SELECT 1; SELECT 2', /got 2 statements/],
    ["SELECT * FROM read_csv('orders.csv')", /got the function read_csv\(\)/],
    ["SELECT * FROM 'orders.csv'", /got the table "orders.csv"/],
  ])('refuses %s', async (sql, message) => {
    expect(await queryMessages(sql)).toEqual([expect.stringMatching(message)])
  })
})

describe('checkColumns', () => {
  it('finds nothing wrong where every column exists, whatever its case', async () => {
    const project = withSql('SELECT * FROM orders', { id: 'ORDER_ID', inputs: ['placed_at'] })
    expect(await columnMessages(project)).toEqual([])
  })

  it('suggests a column when the SQL names one that is not there', async () => {
    expect(await columnMessages(withSql('SELECT prize FROM orders'))).toEqual([
      expect.stringMatching(/dataset\.sql: .*"prize" not found.*did you mean "price"\?$/),
    ])
  })

  it('suggests a column when the SQL names one through an alias', async () => {
    expect(await columnMessages(withSql('SELECT o.prize FROM orders o'))).toEqual([
      expect.stringMatching(/did you mean "price"\?$/),
    ])
  })

  it("names what the dataset's SQL does not give", async () => {
    const project = withSql('SELECT order_id, price FROM orders', { inputs: ['double_price'] })
    expect(await columnMessages(project)).toEqual([
      expect.stringMatching(
        /^dataset\.inputs\[0\]: expected a column of dataset\.sql: order_id, price/,
      ),
    ])
  })

  it('checks columns that a source itself must have', async () => {
    const expectations = [{ expect: 'not-null' as const, column: 'order' }]
    const sources = {
      orders: { kind: 'csv' as const, path: 'orders.csv', knownAt: 'placed', expectations },
    }
    expect(await columnMessages(projectOf({ sources }))).toEqual([
      expect.stringMatching(/^sources\.orders\.knownAt: .*got "placed"/),
      expect.stringMatching(/^sources\.orders\.expectations\[0\]: .*got "order"/),
    ])
  })

  it('checks event time and keys of a feature view', async () => {
    const project = projectOf({
      entities: { customer: { keys: ['customer_id'] } },
      featureViews: {
        totals: { entity: 'customer', sql: 'SELECT price FROM orders', eventTime: 'placed_at' },
      },
    })
    expect(await columnMessages(project)).toEqual([
      expect.stringMatching(/^featureViews\.totals\.eventTime: /),
      expect.stringMatching(/^featureViews\.totals\.sql: .*got "customer_id"/),
    ])
  })

  it('holds the defaults of features against their columns', async () => {
    const withDefaults = (defaults: Record<string, string | number>) =>
      projectOf({
        entities: { customer: { keys: ['order_id'] } },
        featureViews: {
          totals: {
            entity: 'customer',
            sql: "SELECT order_id, now() AS at, 1.5 AS total, 'a' AS grade, 1 AS visits FROM orders",
            eventTime: 'at',
            defaults,
          },
        },
      })
    expect(
      await columnMessages(withDefaults({ visits: 0, total: 'none', grade: 0, totl: 1 })),
    ).toEqual([
      expect.stringMatching(/^featureViews\.totals\.defaults\.totl: .*did you mean "total"\?$/),
      expect.stringMatching(/^featureViews\.totals\.defaults\.total: expected a number.*"none"/),
      expect.stringMatching(/^featureViews\.totals\.defaults\.grade: expected a string.*got 0/),
    ])
  })

  it('holds the expressions of computed inputs against the columns they name', async () => {
    const project = projectOf({
      entities: { customer: { keys: ['order_id'] } },
      featureViews: {
        totals: {
          entity: 'customer',
          sql: "SELECT order_id, now() AS at, 1.5 AS total, 'a' AS grade FROM orders",
          eventTime: 'at',
        },
      },
      dataset: {
        ...INPUT.dataset,
        predictionTime: 'placed_at',
        features: ['totals'],
        onDemand: {
          fine: "if(totals__grade = 'a', double_price, totals__total)",
          text: 'double_price / totals__grade',
          slip: 'double_price / totals__totl',
        },
      },
    })
    expect(await columnMessages(project)).toEqual([
      expect.stringMatching(
        /^dataset\.onDemand\.text: expected a number at character 16, got a text \("totals__grade"\)$/,
      ),
      expect.stringMatching(
        /^dataset\.onDemand\.slip: .*double_price, totals__total, totals__grade at character 16, got "totals__totl"; did you mean "totals__total"\?$/,
      ),
    ])
  })

  it('says so when there are no files', async () => {
    const project = projectOf({ sources: { orders: { kind: 'csv', path: 'nothing/*.csv' } } })
    expect(await columnMessages(project)).toContainEqual(
      expect.stringMatching(/^sources\.orders\.path: expected files, got none at nothing/),
    )
  })

  it('says so when a file is not what it is called', async () => {
    writeFileSync(path.join(folder, 'orders.parquet'), 'order_id,price\n')
    const sources = { orders: { kind: 'parquet' as const, path: 'orders.parquet' } }
    expect(await columnMessages(projectOf({ sources }))).toContainEqual(
      expect.stringMatching(/^sources\.orders\.path: expected readable parquet files, got /),
    )
  })

  it('names sources it did not look at, and takes the schema of a snapshot', async () => {
    const sources = {
      orders: { kind: 'http-json' as const, url: 'http://127.0.0.1:9/orders' },
    }
    const project = projectOf({ sources })
    const blind = await checkColumns(project, { folder, engine })
    expect(blind.issues).toEqual([])
    expect(blind.notChecked.map(({ what }) => what)).toEqual(['orders', 'dataset.sql'])
    const snapshots = { orders: [{ name: 'order_id', type: 'BIGINT' }] }
    const seeing = await checkColumns(project, { folder, engine, snapshots })
    expect(seeing.notChecked).toEqual([])
    expect(seeing.issues[0]?.message).toMatch(/"price" not found/)
  })
})
