import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import { createTrackingStore } from './create-tracking-store.ts'
import type { LogBatch, Run } from './run.ts'
import type { SearchOptions, TrackingStore } from './tracking-store.ts'

const by = { name: 'ana', from: 'test' }
const RUNS = 60
const TEXTS = ['a', 'B', 'b%c', 'B%C', "it's", 'x_y', 'xzy', '[q]', 'ab*', '', '\\', 'äö', 'null']

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE'

/** How MLflow defines each comparison, on values in memory. */
function holds(operator: Operator, left: number | string | undefined, right: number | string) {
  if (left === undefined) return false
  switch (operator) {
    case '=':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      return like(String(left), String(right), operator === 'ILIKE')
  }
}

function like(text: string, pattern: string, ignoresCase: boolean): boolean {
  const fold = (value: string) =>
    ignoresCase ? value.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : value
  const source = fold(pattern)
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('%', '[^]*')
    .replaceAll('_', '[^]')
  return new RegExp(`^${source}$`, 'u').test(fold(text))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function metricOf(run: Run, key: string): number | undefined {
  return run.metrics.find((metric) => metric.key === key)?.value
}

interface Condition {
  readonly text: string
  readonly test: (run: Run) => boolean
}

const numbers = fc.constantFrom(-1.5, 0, 0.1, 1, 2, 1e21)
const metricCondition: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom('m0', 'm 1', 'none'),
    fc.constantFrom<Operator>('=', '!=', '<', '<=', '>', '>='),
    numbers,
  )
  .map(([key, operator, value]) => ({
    text: `metrics.\`${key}\` ${operator} ${value}`,
    test: (run) => holds(operator, metricOf(run, key), value),
  }))
const textCondition: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom<'params' | 'tags'>('params', 'tags'),
    fc.constantFrom('k0', 'k.1', 'none'),
    fc.constantFrom<Operator>('=', '!=', 'LIKE', 'ILIKE'),
    fc.constantFrom(...TEXTS, '%b%', '_%', '%'),
  )
  .map(([kind, key, operator, value]) => ({
    text: `${kind}."${key}" ${operator.toLowerCase()} ${quoted(value)}`,
    test: (run) => {
      const parameter = run.parameters.find((one) => one.key === key)?.value
      return holds(operator, kind === 'params' ? parameter : run.tags[key], value)
    },
  }))
const otherCondition: fc.Arbitrary<Condition> = fc.constantFrom<Condition>(
  { text: 'tags.k0 IS NULL', test: (run) => run.tags.k0 === undefined },
  { text: 'tags.k0 IS NOT NULL', test: (run) => run.tags.k0 !== undefined },
  { text: `status = 'FINISHED'`, test: (run) => run.status === 'FINISHED' },
  { text: `attributes.status != 'FINISHED'`, test: (run) => run.status !== 'FINISHED' },
  { text: 'start_time > 3.5', test: (run) => run.startedAtMs > 3.5 },
  { text: 'attr.end_time <= 8', test: (run) => run.endedAtMs !== null && run.endedAtMs <= 8 },
  { text: `run_name ILIKE 'RUN 1%'`, test: (run) => run.name.startsWith('run 1') },
  { text: `"Run Name" = 'run 3'`, test: (run) => run.name === 'run 3' },
  { text: `run_id IN ('r1', 'r2', 'r30')`, test: ({ id }) => ['r1', 'r2', 'r30'].includes(id) },
  { text: `run_id NOT IN ('r1')`, test: ({ id }) => id !== 'r1' },
  { text: `user_id = 'ana'`, test: () => true },
  { text: 'metrics.m0 = NaN', test: (run) => Number.isNaN(metricOf(run, 'm0')) },
)
const condition = fc.oneof(metricCondition, textCondition, otherCondition)

interface Order {
  readonly text: string
  /** Smaller ranks come first in either direction. */
  readonly rank: (run: Run) => number
  readonly value: (run: Run) => number | string
  readonly isAscending: boolean
}

const order: fc.Arbitrary<Order> = fc
  .tuple(
    fc.constantFrom('metrics.m0', 'metrics.`m 1`', 'params.k0', 'tags."k.1"', 'end_time', 'status'),
    fc.boolean(),
  )
  .map(([field, isAscending]) => {
    const value = (run: Run): number | string | undefined => {
      if (field === 'metrics.m0') return metricOf(run, 'm0')
      if (field === 'metrics.`m 1`') return metricOf(run, 'm 1')
      if (field === 'params.k0') return run.parameters.find(({ key }) => key === 'k0')?.value
      if (field === 'tags."k.1"') return run.tags['k.1']
      return field === 'end_time' ? (run.endedAtMs ?? undefined) : run.status
    }
    return {
      text: `${field} ${isAscending ? 'ASC' : 'DESC'}`,
      rank: (run) => (value(run) === undefined ? 2 : Number.isNaN(value(run)) ? 1 : 0),
      value: (run) => value(run) ?? 0,
      isAscending,
    }
  })

/** In bytes of UTF-8, as both databases compare. */
function compareValues(a: number | string, b: number | string): number {
  if (typeof a === 'string' && typeof b === 'string')
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (a === b || Number.isNaN(a)) return 0
  return a < b ? -1 : 1
}

function compareRuns(a: Run, b: Run, orders: readonly Order[]): number {
  for (const { rank, value, isAscending } of orders) {
    const ranks = rank(a) - rank(b)
    if (ranks !== 0) return ranks
    const values = rank(a) === 0 ? compareValues(value(a), value(b)) : 0
    if (values !== 0) return isAscending ? values : -values
  }
  return b.startedAtMs - a.startedAtMs || compareValues(a.id, b.id)
}

/** What run `i` of the scene logs: some of everything, nothing in some. */
function entriesOf(i: number): LogBatch {
  const values = [-1.5, 0, 0.1, 1, 1, 2, 1e21, Number.NaN]
  const pick = <T>(from: readonly T[], step: number): T[] =>
    (i * step) % 5 === 0 ? [] : from.slice((i * step) % from.length).slice(0, 1)
  const metrics = (key: string, step: number) =>
    pick(values, step).map((value) => ({ key, value, timestampMs: 1, step: 0 }))
  return {
    metrics: [...metrics('m0', 1), ...metrics('m 1', 3)],
    parameters: pick(TEXTS, 1).map((value) => ({ key: 'k0', value })),
    tags: Object.fromEntries([
      ...pick(TEXTS, 2).map((value) => ['k0', value]),
      ...pick(TEXTS, 7).map((value) => ['k.1', value]),
    ]),
  }
}

describe.each(DIALECTS)('search of runs on %s', (dialect) => {
  let scene: TestDatabase
  let store: TrackingStore
  let runs: Run[] = []

  beforeAll(async () => {
    scene = await createTestDatabase(dialect)
    store = await createTrackingStore(await scene.open(), {
      clock: { now: () => 5 },
      defaultArtifactRoot: 'mlflow-artifacts:/',
    })
    for (let i = 0; i < RUNS; i++) {
      const id = `r${i}`
      await store.createRun(by, { experimentId: '0', id, name: `run ${i}`, startedAtMs: i % 7 })
      await store.logBatch(by, id, entriesOf(i))
      if (i % 3 === 0) await store.updateRun(by, id, { status: 'FINISHED', endedAtMs: i % 11 })
    }
    const all = await search({ maxResults: 1_000 })
    runs = [...all.items]
  })
  afterAll(() => scene.dispose())

  function search(options: SearchOptions) {
    return store.searchRuns({ experimentIds: ['0'], ...options })
  }

  async function allPages(options: SearchOptions): Promise<string[]> {
    const ids: string[] = []
    let pageToken: string | undefined
    do {
      const page = await search({ ...options, pageToken })
      ids.push(...page.items.map(({ id }) => id))
      pageToken = page.nextPageToken
    } while (pageToken)
    return ids
  }

  it('finds what a naive evaluation finds, in its order, page by page', async () => {
    expect(runs).toHaveLength(RUNS)
    const orders = fc.uniqueArray(order, {
      maxLength: 2,
      selector: ({ text }) => text.split(' ')[0],
    })
    const scenes = fc.tuple(
      fc.array(condition, { maxLength: 3 }),
      orders,
      fc.integer({ min: 1, max: 40 }),
    )
    await fc.assert(
      fc.asyncProperty(scenes, async ([conditions, terms, maxResults]) => {
        const expected = runs
          .filter((run) => conditions.every(({ test }) => test(run)))
          .sort((a, b) => compareRuns(a, b, terms))
        const found = await allPages({
          filter: conditions.map(({ text }) => text).join(' AND '),
          orderBy: terms.map(({ text }) => text),
          maxResults,
        })
        expect(found).toEqual(expected.map(({ id }) => id))
      }),
      { numRuns: 150 },
    )
  })

  it('finds only runs of the projects and experiments asked for', async () => {
    const found = async (options: Partial<SearchOptions> & { experimentIds?: string[] }) =>
      (await store.searchRuns({ experimentIds: ['0'], maxResults: 5, ...options })).items.length
    expect(await found({ projects: ['default'] })).toBe(5)
    expect(await found({ projects: ['other'] })).toBe(0)
    expect(await found({ projects: [] })).toBe(0)
    expect(await found({ experimentIds: ['999', 'abc', ''] })).toBe(0)
    expect(await found({ view: 'deleted' })).toBe(0)
  })

  it('finds runs by their datasets', async () => {
    const dataset = { name: 'sales', digest: 'd1', sourceType: 'local', source: '{}' }
    const tags = { 'mlflow.data.context': 'train' }
    await store.logInputs(by, 'r5', {
      datasets: [{ ...dataset, schema: null, profile: null, tags }],
      modelIds: [],
    })
    const filter = `datasets.name = 'sales' AND dataset.digest IN ('d1', 'd2') AND datasets.context LIKE 'tr%'`
    expect(await allPages({ filter, maxResults: 10 })).toEqual(['r5'])
  })

  it('is not disturbed by runs that come between two pages', async () => {
    const first = await search({ maxResults: 30 })
    await store.createRun(by, { experimentId: '0', id: 'newest', startedAtMs: 1_000 })
    const { nextPageToken: pageToken } = first
    const second = await search({ maxResults: 1_000, pageToken })
    const seen = [...first.items, ...second.items].map(({ id }) => id)
    expect(seen).toEqual(runs.toSorted((a, b) => compareRuns(a, b, [])).map(({ id }) => id))
    await store.setRunLifecycle(by, 'newest', 'deleted')
  })

  it('refuses page tokens of another query, and what is none', async () => {
    const { nextPageToken: pageToken } = await search({ maxResults: 5 })
    const forged = Buffer.from(JSON.stringify(['x', [1, 2]])).toString('base64url')
    for (const options of [
      { pageToken, filter: 'metrics.m0 > 1' },
      { pageToken, orderBy: ['status'] },
      { pageToken: forged },
      { pageToken: '\0%%%' },
      { pageToken: 'x'.repeat(30_000) },
    ]) {
      const asked = search({ maxResults: 5, ...options })
      await expect(asked).rejects.toMatchObject({ code: 'PAGE_TOKEN_INVALID' })
    }
  })

  it.each([0, -1, 1.5, Number.NaN, 50_001])('refuses %d results', async (maxResults) => {
    const asked = search({ maxResults })
    await expect(asked).rejects.toMatchObject({ code: 'MAX_RESULTS_INVALID' })
  })

  it.each([
    `params.k0 = ''' OR 1=1; DROP TABLE runs; --'`,
    `tags."k0'; DROP TABLE runs; --" = 'x'`,
    `params.k0 LIKE '%'' OR ''1''=''1'`,
    'metrics.`m0" OR "1"="1` > 0',
  ])('takes an injection as a value: %s', async (filter) => {
    expect(await allPages({ filter, maxResults: 10 })).toEqual([])
    expect(await search({ maxResults: 1 })).toMatchObject({ items: [{}] })
  })

  it('searches experiments by name, tag and time', async () => {
    const made = await store.createExperiment(by, {
      name: 'Fraud 1',
      project: 'p',
      tags: { a: 'B' },
    })
    const find = async (filter: string, orderBy: string[] = []) =>
      (await store.searchExperiments({ filter, orderBy, maxResults: 10 })).items.map(({ id }) => id)
    expect(await find(`name ILIKE 'fraud%' AND tags.a = 'B'`)).toEqual([made.id])
    expect(await find(`name LIKE 'fraud%'`)).toEqual([])
    expect(await find(`tags.a IS NULL`)).toEqual(['0'])
    expect(await find(`experiment_id IN ('0', '${made.id}')`, ['name DESC'])).toEqual([
      made.id,
      '0',
    ])
    const first = await store.searchExperiments({ maxResults: 1, orderBy: ['name'] })
    expect(first.items.map(({ name }) => name)).toEqual(['Default'])
    const { nextPageToken: pageToken } = first
    const second = await store.searchExperiments({ maxResults: 1, orderBy: ['name'], pageToken })
    expect(second).toMatchObject({ items: [{ id: made.id }], nextPageToken: undefined })
  })
})
