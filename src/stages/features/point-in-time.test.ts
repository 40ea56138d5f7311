import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Entity,
  type FeatureTable,
  type FeatureView,
  projectSchema,
  type Snapshot,
} from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import {
  type ArtifactStore,
  type OnlineStore,
  openArtifactStore,
  openOnlineStore,
  openTableEngine,
  quoteLiteral,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { availabilityStream } from './availability-stream.ts'
import { computeFeatureView } from './compute-feature-view.ts'
import { askOnline, judgeOnline, type OnlineView, onlineViews } from './look-up-online.ts'
import { onlineColumns } from './online-columns.ts'
import { pointInTimeJoinSql } from './point-in-time-join-sql.ts'
import { publishOnline } from './publish-online.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-features-'))
const ORIGIN_MS = Date.UTC(2013, 0, 1)
let engine: TableEngine
let artifacts: ArtifactStore
let online: OnlineStore

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(folder, 'duckdb') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
  online = openOnlineStore(join(folder, 'online.db'))
})
afterAll(async () => {
  await online.close()
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Fact {
  readonly key: string | null
  readonly second: number
  readonly atMs: number | null
  readonly value: number | null
}
interface Question {
  readonly key: string | null
  readonly second: number
  readonly atMs: number
}
interface Rule {
  readonly delayMs: number
  readonly ttlMs: number | null
}

const key = fc.constantFrom('a', 'b', null)
const second = fc.constantFrom(1, 2)
const facts = fc.array(
  fc.record<Fact>({
    key,
    second,
    atMs: fc.option(fc.integer({ min: 0, max: 30 }), { freq: 10 }),
    value: fc.option(fc.integer({ min: -3, max: 3 }), { freq: 5 }),
  }),
  { minLength: 1, maxLength: 60 },
)
const questions = fc.array(
  fc.record<Question>({ key, second, atMs: fc.integer({ min: 0, max: 50 }) }),
  { minLength: 1, maxLength: 40 },
)
const rule = fc.record<Rule>({
  delayMs: fc.integer({ min: 0, max: 12 }),
  ttlMs: fc.option(fc.integer({ min: 0, max: 20 })),
})

/** The rule read aloud: was the fact about this entity, known by then, and still fresh? */
function applies(fact: Fact, { key, second, atMs }: Question, { delayMs, ttlMs }: Rule): boolean {
  if (fact.key === null || fact.key !== key || fact.second !== second) return false
  if (fact.atMs === null || fact.atMs + delayMs > atMs) return false
  return ttlMs === null || atMs - fact.atMs <= ttlMs
}

/** Looks at every fact: the newest that applies; of equally new ones the greatest value. */
function oracle(known: readonly Fact[], question: Question, rule: Rule): number | null {
  const usable = known.filter((fact) => applies(fact, question, rule))
  const newest = Math.max(...usable.map((fact) => fact.atMs ?? 0))
  const values = usable.filter((fact) => fact.atMs === newest).flatMap((fact) => fact.value ?? [])
  return values.length === 0 ? null : Math.max(...values)
}

const entity: Entity = { keys: ['key', 'second'] }

function viewOf({ delayMs, ttlMs }: Rule): FeatureView {
  return projectSchema.shape.featureViews.unwrap().valueType.parse({
    entity: 'thing',
    sql: 'SELECT key, second, happened, value FROM facts',
    eventTime: 'happened',
    availabilityDelay: delayMs,
    ...(ttlMs === null ? {} : { timeToLive: ttlMs }),
  })
}

function literal(value: string | number | null): string {
  if (value === null) return 'NULL'
  return typeof value === 'number' ? String(value) : quoteLiteral(value)
}

function instant(atMs: number | null): string {
  return atMs === null ? 'NULL' : `TIMESTAMP '${isoTime(ORIGIN_MS + atMs).slice(0, -1)}'`
}

async function snapshotOf(rows: readonly Fact[]): Promise<Snapshot> {
  const values = rows.map((row, index) => {
    const cells = [literal(row.key), row.second, instant(row.atMs), literal(row.value)]
    return `(${index}, ${cells.join(', ')})`
  })
  const path = join(folder, 'facts.parquet')
  await engine.writeParquet(
    `SELECT CAST(key AS VARCHAR) AS key, second, CAST(happened AS TIMESTAMP) AS happened, CAST(value AS INTEGER) AS value
     FROM (VALUES ${values.join(', ')}) AS t(i, key, second, happened, value) ORDER BY i`,
    path,
  )
  const table = await artifacts.putFile(path, { name: 'facts.parquet' })
  return {
    source: 'facts',
    kind: 'parquet',
    origin: 'facts.parquet',
    table,
    rows: rows.length,
    columns: [],
    expectations: [],
    quarantined: { rows: 0, table: null },
    asOf: null,
    newestKnownAt: null,
  }
}

async function tableOf(rows: readonly Fact[], rule: Rule, name: string): Promise<FeatureTable> {
  const snapshots = { facts: await snapshotOf(rows) }
  return computeFeatureView({ name, view: viewOf(rule), entity, snapshots, engine, artifacts })
}

async function join_(
  asked: readonly Question[],
  views: readonly { readonly table: FeatureTable; readonly rule: Rule }[],
): Promise<Record<string, unknown>[]> {
  const values = asked.map((row, index) => {
    return `(${index}, ${literal(row.key)}, ${row.second}, ${instant(row.atMs)})`
  })
  const from = `(SELECT i, CAST(key AS VARCHAR) AS key, second, CAST(asked AS TIMESTAMP) AS __prediction_time
    FROM (VALUES ${values.join(', ')}) AS t(i, key, second, asked))`
  const sql = pointInTimeJoinSql({
    from,
    views: views.map(({ table, rule }) => ({
      view: table.view,
      from: `read_parquet(${quoteLiteral(artifacts.pathOf(table.table.digest))})`,
      keys: entity.keys.map((name) => ({ left: name, right: name })),
      features: [{ feature: 'value', name: `${table.view}__value` }],
      availabilityDelayMs: rule.delayMs,
      timeToLiveMs: rule.ttlMs,
    })),
  })
  return engine.query(`SELECT * FROM ${sql} ORDER BY i`)
}

/** What the online store has for one entity at a time, by view. */
async function lookUp(
  views: readonly OnlineView[],
  keys: Readonly<Record<string, string | number | null>>,
  timeMs: number,
) {
  const question = askOnline(views, 1, (name) => [keys[name] ?? null])
  const lookups = judgeOnline(question, await online.read(question.requests), timeMs)
  const columns = onlineColumns(lookups, () => false)
  return lookups.map(({ view, status }) => ({
    value: columns.get(`${view.view}__value`)?.[0],
    status: status[0],
  }))
}

/** Views without any usable row or value are refused before a join; not what is tested here. */
function usable(rows: readonly Fact[]): boolean {
  return rows.some((row) => row.key !== null && row.atMs !== null && row.value !== null)
}

describe('point-in-time join', () => {
  it('finds what looking at every fact finds, for ties, nulls, delays and times to live', async () => {
    const property = fc.asyncProperty(
      facts.filter(usable),
      questions,
      rule,
      async (known, asked, rule) => {
        const table = await tableOf(known, rule, 'one')
        const rows = await join_(asked, [{ table, rule }])
        expect(rows).toHaveLength(asked.length)
        expect(rows.map((row) => row.one__value)).toEqual(
          asked.map((question) => oracle(known, question, rule)),
        )
      },
    )
    await fc.assert(property, { numRuns: 20 })
  })

  it('joins several views each by its own rule', async () => {
    const view = fc.record({ known: facts.filter(usable), rule })
    const property = fc.asyncProperty(view, view, questions, async (one, two, asked) => {
      const views = [
        { table: await tableOf(one.known, one.rule, 'one'), rule: one.rule },
        { table: await tableOf(two.known, two.rule, 'two'), rule: two.rule },
      ]
      const rows = await join_(asked, views)
      expect(rows.map((row) => [row.one__value, row.two__value])).toEqual(
        asked.map((q) => [oracle(one.known, q, one.rule), oracle(two.known, q, two.rule)]),
      )
    })
    await fc.assert(property, { numRuns: 10 })
  })

  it('includes a value exactly at its delay and exactly at its time to live, not a millisecond off', async () => {
    const rule = { delayMs: 5, ttlMs: 10 }
    const table = await tableOf([{ key: 'a', second: 1, atMs: 10, value: 7 }], rule, 'edge')
    const ask = [14, 15, 20, 21].map((atMs) => ({ key: 'a', second: 1, atMs }))
    const rows = await join_(ask, [{ table, rule }])
    expect(rows.map((row) => row.edge__value)).toEqual([null, 7, 7, null])
  })
})

describe('online lookup', () => {
  it('answers what the join answers for the same instant, while values arrive one by one', async () => {
    const property = fc.asyncProperty(
      facts.filter(usable),
      questions,
      rule,
      fc.integer({ min: -1, max: 40 }),
      async (known, asked, rule, startMs) => {
        const view = viewOf(rule)
        const table = await tableOf(known, rule, 'one')
        await online.clear('one')
        const startAt = ORIGIN_MS + startMs
        await publishOnline({ table, view, artifacts, engine, online, asOfMs: startAt })
        const stream = { table, view, engine, artifacts, fromMs: startAt, toMs: ORIGIN_MS + 100 }
        const arriving = (await Array.fromAsync(availabilityStream(stream))).flat()
        const inOrder = asked
          .filter(({ atMs }) => atMs >= startMs)
          .toSorted((a, b) => a.atMs - b.atMs)
        const offline = inOrder.length === 0 ? [] : await join_(inOrder, [{ table, rule }])
        const inputs = [{ name: 'one__value', kind: 'number' as const, view: 'one' }]
        const views = onlineViews({ inputs, views: { one: view }, entities: { thing: entity } })
        for (const [index, question] of inOrder.entries()) {
          const predictionTimeMs = ORIGIN_MS + question.atMs
          while (arriving[0] && arriving[0].availableAtMs <= predictionTimeMs) {
            await online.put('one', arriving.splice(0, 1))
          }
          const keys = { key: question.key, second: question.second }
          const [lookup] = await lookUp(views, keys, predictionTimeMs)
          expect(lookup?.value).toEqual(offline[index]?.one__value)
        }
      },
    )
    await fc.assert(property, { numRuns: 20 })
  })

  it('says whether a value was found, is stale, or is missing', async () => {
    const view = viewOf({ delayMs: 5, ttlMs: 10 })
    const inputs = [{ name: 'one__value', kind: 'number' as const, view: 'one' }]
    const views = onlineViews({ inputs, views: { one: view }, entities: { thing: entity } })
    await online.clear('one')
    await online.put('one', [{ keys: ['a', 1], values: { value: 7 }, eventTimeMs: 100 }])
    const ask = async (keys: Record<string, string | number | null>, timeMs: number) =>
      (await lookUp(views, keys, timeMs))[0]
    const known = { key: 'a', second: 1 }
    expect(await ask(known, 110)).toEqual({ value: 7, status: 'found' })
    expect(await ask(known, 111)).toEqual({ value: null, status: 'stale' })
    expect(await ask(known, 104)).toEqual({ value: null, status: 'missing' })
    expect(await ask(known, Number.NaN)).toEqual({ value: null, status: 'missing' })
    expect(await ask({ key: 'b', second: 1 }, 110)).toMatchObject({ status: 'missing' })
    expect(await ask({ key: 'a', second: null }, 110)).toMatchObject({ status: 'missing' })
  })

  it('asks once for all rows of all views, and not for entities that are not known', async () => {
    const inputs = ['one', 'two'].map((name) => ({
      name: `${name}__value`,
      kind: 'number' as const,
      view: name,
    }))
    const one = { ...viewOf({ delayMs: 0, ttlMs: 10 }), defaults: { value: 3 } }
    const two = viewOf({ delayMs: 0, ttlMs: null })
    const entities = { thing: entity }
    const views = onlineViews({ inputs, views: { one, two }, entities })
    for (const view of ['one', 'two']) {
      await online.clear(view)
      await online.put(view, [{ keys: ['a', 1], values: { value: 7 }, eventTimeMs: 100 }])
    }
    const cells: Record<string, (string | number | null)[]> = {
      key: ['a', null, 'b', 'a'],
      second: [1, 1, 2, 1],
    }
    const question = askOnline(views, 4, (name) => cells[name])
    expect(question.requests).toHaveLength(6)
    const found = await online.read(question.requests)
    const lookups = judgeOnline(question, found, [105, 105, 105, 200])
    expect(lookups.map(({ status }) => status)).toEqual([
      ['found', 'missing', 'missing', 'stale'],
      ['found', 'missing', 'missing', 'found'],
    ])
    const columns = onlineColumns(lookups, (_view, row) => row !== 1)
    // A view without a default has nothing to put in.
    expect([...columns]).toEqual([
      ['one__value', [7, null, 3, 3]],
      ['two__value', [7, null, null, 7]],
    ])
  })

  it('streams in order of availability, all batches and no row twice', async () => {
    const rule = { delayMs: 3, ttlMs: null }
    const sql = `SELECT CAST(i % 7 AS VARCHAR) AS key, i % 3 AS second,
      TIMESTAMP '2013-01-01' + INTERVAL (i % 1000) MILLISECONDS AS happened, i AS value FROM range(25000) t(i)`
    const path = join(folder, 'many.parquet')
    await engine.writeParquet(sql, path)
    const snapshot = { ...(await snapshotOf([{ key: 'a', second: 1, atMs: 1, value: 1 }])) }
    const facts = { ...snapshot, table: await artifacts.putFile(path, { name: 'many.parquet' }) }
    const view = viewOf(rule)
    const options = { name: 'many', view, entity, snapshots: { facts }, engine, artifacts }
    const table = await computeFeatureView(options)
    const span = { fromMs: ORIGIN_MS + 3, toMs: ORIGIN_MS + 1003 }
    const stream = availabilityStream({ table, view, engine, artifacts, ...span })
    const rows = (await Array.fromAsync(stream)).flat()
    expect(rows).toHaveLength(table.rows)
    expect(new Set(rows.map((row) => [row.eventTimeMs, ...row.keys].join())).size).toBe(table.rows)
    const times = rows.map((row) => row.availableAtMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })
})
