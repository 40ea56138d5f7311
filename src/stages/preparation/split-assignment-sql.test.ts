import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectSchema, type Split } from '../../core/records/index.ts'
import { openTableEngine, type TableEngine } from '../../platform/storage/index.ts'
import { resolveBoundaries } from './resolve-boundaries.ts'
import { splitAssignmentSql } from './split-assignment-sql.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-split-'))
let engine: TableEngine

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: folder })
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Assigned {
  readonly __id: string
  readonly __group: string
  readonly __target: string
  readonly ms: number
  readonly known: number
  readonly __part: 'train' | 'validation' | 'test' | null
}

/** One row an hour; the label is known after `lag` hours. */
function rowsSql(rows: number, { groups = 10, lag = 0, perClass = 5 } = {}): string {
  return `(SELECT 'r' || i AS __id, TIMESTAMP '2013-01-01' + INTERVAL (i) HOURS AS __prediction_time,
    TIMESTAMP '2013-01-01' + INTERVAL (i + ${lag}) HOURS AS __label_time,
    CASE WHEN i % ${perClass} = 0 THEN 'yes' ELSE 'no' END AS __target, 'g' || (i * 7919) % ${groups} AS __group
    FROM range(${rows}) t(i))`
}

async function assign(written: object, from: string, seed = 0): Promise<Assigned[]> {
  const definition = projectSchema.shape.dataset.parse({
    sql: 'SELECT 1',
    id: 'id',
    predictionTime: 'asked',
    split: written,
  })
  const { split }: { split: Split } = definition
  const boundaries = await resolveBoundaries({ definition, engine, from })
  const problemType = 'binary-classification'
  const sql = splitAssignmentSql({ split, problemType, from, seed, boundaries })
  return engine.query<Assigned>(
    `SELECT *, epoch_ms(__prediction_time) AS ms, epoch_ms(__label_time) AS known FROM (${sql}) ORDER BY ms`,
  )
}

function share(rows: readonly Assigned[], part: Assigned['__part']): number {
  return rows.filter((row) => row.__part === part).length / rows.length
}

const shares = fc.record({
  validation: fc.double({ min: 0.05, max: 0.4, noNaN: true }),
  test: fc.double({ min: 0.05, max: 0.4, noNaN: true }),
})
const size = fc.integer({ min: 50, max: 800 })
const runs = { numRuns: 20 }

describe('split by time', () => {
  it('never lets a training row or its label stand after what is judged', async () => {
    const lag = fc.integer({ min: 0, max: 30 })
    const property = fc.asyncProperty(shares, size, lag, async (shares, rows, lag) => {
      const assigned = await assign({ by: 'time', ...shares }, rowsSql(rows, { lag }))
      const of = (part: Assigned['__part']) => assigned.filter((row) => row.__part === part)
      const testFrom = Math.min(...of('test').map((row) => row.ms))
      const validationFrom = Math.min(testFrom, ...of('validation').map((row) => row.ms))
      for (const row of of('train')) expect(row.known).toBeLessThanOrEqual(validationFrom)
      for (const row of of('validation')) expect(row.known).toBeLessThanOrEqual(testFrom)
      expect(Math.abs(share(assigned, 'test') - shares.test)).toBeLessThanOrEqual(2 / rows)
      const dropped = of(null).length
      expect(dropped).toBeLessThanOrEqual(2 * lag)
      if (lag > 1) expect(dropped).toBeGreaterThan(0)
    })
    await fc.assert(property, runs)
  })

  it('begins parts at declared instants, and widens the gap when asked to', async () => {
    const written = {
      by: 'time',
      validationFrom: '2013-01-03',
      testFrom: '2013-01-04T00:00:00Z',
      gap: '2h',
    }
    const assigned = await assign(written, rowsSql(96))
    const count = (part: Assigned['__part']) => assigned.filter((row) => row.__part === part).length
    expect([count('train'), count('validation'), count('test'), count(null)]).toEqual([
      47, 23, 24, 2,
    ])
  })

  it('fills in the boundary that is not declared by its share', async () => {
    const later = await assign({ by: 'time', validationFrom: '2013-01-03' }, rowsSql(98))
    expect(later.filter((row) => row.__part === 'validation')).toHaveLength(24)
    const earlier = await assign({ by: 'time', testFrom: '2013-01-04' }, rowsSql(96))
    expect(earlier.filter((row) => row.__part === 'test')).toHaveLength(24)
    expect(share(earlier, 'validation')).toBeCloseTo(0.75 * (0.15 / 0.85), 1)
  })
})

describe('other splits', () => {
  it('random: about the shares, the same for the same seed, another for another', async () => {
    const from = rowsSql(4_000)
    const first = await assign({ by: 'random' }, from, 1)
    expect(share(first, 'test')).toBeCloseTo(0.15, 1)
    expect(share(first, 'validation')).toBeCloseTo(0.15, 1)
    expect(await assign({ by: 'random' }, from, 1)).toEqual(first)
    expect(await assign({ by: 'random' }, from, 2)).not.toEqual(first)
    const more = await assign({ by: 'random' }, rowsSql(5_000), 1)
    expect(more.slice(0, 4_000)).toEqual(first)
  })

  it('stratified: every class has the shares to within one row', async () => {
    const perClass = fc.integer({ min: 2, max: 9 })
    const property = fc.asyncProperty(shares, size, perClass, async (shares, rows, perClass) => {
      const assigned = await assign({ by: 'stratified', ...shares }, rowsSql(rows, { perClass }))
      for (const label of ['yes', 'no']) {
        const of = assigned.filter((row) => row.__target === label)
        for (const part of ['validation', 'test'] as const) {
          expect(Math.abs(share(of, part) - shares[part])).toBeLessThanOrEqual(1.01 / of.length)
        }
      }
    })
    await fc.assert(property, runs)
  })

  it('group: no group stands in two parts, and no part is far from its share', async () => {
    const groups = fc.integer({ min: 8, max: 60 })
    const seed = fc.integer({ min: 0, max: 99 })
    const property = fc.asyncProperty(shares, groups, seed, async (shares, groups, seed) => {
      const written = { by: 'group', column: 'g', ...shares }
      const assigned = await assign(written, rowsSql(600, { groups }), seed)
      const parts = new Map<string, Set<unknown>>()
      for (const row of assigned) {
        parts.set(row.__group, (parts.get(row.__group) ?? new Set()).add(row.__part))
      }
      for (const found of parts.values()) expect(found.size).toBe(1)
      expect(Math.abs(share(assigned, 'test') - shares.test)).toBeLessThanOrEqual(1.1 / groups)
    })
    await fc.assert(property, runs)
  })
})
