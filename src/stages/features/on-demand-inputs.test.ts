import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileNumber, numberSql, readExpression } from '../../core/expressions/index.ts'
import { openTableEngine, quoteIdentifier, type TableEngine } from '../../platform/storage/index.ts'

const COLUMNS = [
  { name: 'a', kind: 'number' },
  { name: 'b c', kind: 'number' },
  { name: 't', kind: 'text' },
  { name: 'u', kind: 'text' },
] as const
const NAMES = COLUMNS.map(({ name }) => name)

type Row = readonly [number | null, number | null, string | null, string | null]

const plainNumber = fc.constantFrom(0, -0, 1, -1, 0.5, 2, 3, -7.25, 10, 1e-9, 1 / 3)
const hugeNumber = fc.constantFrom(
  1e308,
  -1e308,
  1.797_693_134_862_315_7e308,
  5e-324,
  3.5e38,
  2 ** 53,
)
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true })
const number = fc.oneof(plainNumber, plainNumber, hugeNumber, anyNumber)
const text = fc.constantFrom('', 'x', 'X', "it's", 'ação', '"', 'x ')

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(number, { freq: 6, nil: null }),
  fc.option(number, { freq: 6, nil: null }),
  fc.option(text, { freq: 6, nil: null }),
  fc.option(text, { freq: 6, nil: null }),
)

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`
const written = (value: number) => (value < 0 || Object.is(value, -0) ? `(${value})` : `${value}`)

/** Expressions of every type; `ln` and `exp` stand apart, since two libraries compute them. */
const { num: expression } = fc.letrec<{ num: string; cond: string; txt: string }>((tie) => {
  const [n, c, t] = [tie('num'), tie('cond'), tie('txt')]
  const join = (...parts: readonly (fc.Arbitrary<string> | string)[]) =>
    fc
      .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
      .map((all) => all.join(''))
  const binary = fc.constantFrom(' + ', ' - ', ' * ', ' / ', ' % ')
  const order = fc.constantFrom(' < ', ' <= ', ' > ', ' >= ', ' = ', ' <> ')
  const depth = { depthSize: 'medium', withCrossShrink: true } as const
  return {
    num: fc.oneof(
      depth,
      fc.constantFrom('a', '"b c"'),
      number.map((value) => written(value)),
      join('(', n, binary, n, ')'),
      join('(-', n, ')'),
      join(fc.constantFrom('abs', 'sqrt', 'floor', 'ceil'), '(', n, ')'),
      join(fc.constantFrom('min', 'max', 'coalesce'), '(', n, ', ', n, ', ', n, ')'),
      join('if(', c, ', ', n, ', ', n, ')'),
    ),
    cond: fc.oneof(
      depth,
      join(n, order, n),
      join(t, fc.constantFrom(' = ', ' != '), t),
      join('(', c, fc.constantFrom(' and ', ' or '), c, ')'),
      join('(not ', c, ')'),
    ),
    txt: fc.oneof(
      depth,
      fc.constantFrom('t', 'u'),
      text.map(quoted),
      join('coalesce(', t, ', ', t, ')'),
      join('if(', c, ', ', t, ', ', t, ')'),
    ),
  }
})

let folder = ''
let engine: TableEngine
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-expressions-'))
  engine = await openTableEngine({ temporaryFolder: folder })
})
afterAll(() => {
  engine.close()
  rmSync(folder, { recursive: true, force: true })
})

const sqlNumber = (value: number | null) =>
  value === null
    ? 'CAST(NULL AS DOUBLE)'
    : `CAST('${Object.is(value, -0) ? '-0' : value}' AS DOUBLE)`
const sqlText = (value: string | null) => (value === null ? 'CAST(NULL AS VARCHAR)' : quoted(value))

/** Each text's numbers for each row by DuckDB and by closures; undefined for a text that is refused. */
async function bothWays(texts: readonly string[], rows: readonly Row[]) {
  const readings = texts.flatMap((one) => {
    const reading = readExpression(one, COLUMNS)
    return reading.kind === 'expression' ? [reading.expression] : []
  })
  const column = (name: string) => ({
    sql: quoteIdentifier(name),
    kind: COLUMNS.find((known) => known.name === name)?.kind ?? 'text',
  })
  const select = readings.map((one, i) => `${numberSql(one, column)} AS e${i}`)
  const values = rows.map(
    ([a, b, t, u], at) => `(${at}, ${sqlNumber(a)}, ${sqlNumber(b)}, ${sqlText(t)}, ${sqlText(u)})`,
  )
  const names = NAMES.map(quoteIdentifier).join(', ')
  const found = await engine.query<Record<string, number | null>>(
    `SELECT ${['place', ...select].join(', ')} FROM (VALUES ${values.join(', ')}) AS t(place, ${names}) ORDER BY place`,
  )
  return readings.map((one, i) => {
    const numberOf = compileNumber(one, NAMES)
    return { sql: found.map((each) => each[`e${i}`]), closure: rows.map((each) => numberOf(each)) }
  })
}

describe('an expression in training and in serving', () => {
  it('gives the same bits for any row', async () => {
    let compared = 0
    let known = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(expression, { minLength: 8, maxLength: 8 }),
        fc.array(row, { minLength: 12, maxLength: 12 }),
        async (texts, rows) => {
          for (const { sql, closure } of await bothWays(texts, rows)) {
            // toEqual tells 0 from -0.
            expect(sql).toEqual(closure)
            compared += closure.length
            known += closure.filter((value) => value !== null).length
          }
        },
      ),
      { numRuns: 150 },
    )
    // What is always missing would be equal for no good reason.
    expect(compared).toBeGreaterThan(2_000)
    expect(known / compared).toBeGreaterThan(0.2)
  }, 60_000)

  it('gives the same ln and exp but for the last place', async () => {
    const near = fc.double({ min: -800, max: 800, noNaN: true })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(near, number), { minLength: 200 }), async (numbers) => {
        const rows = numbers.map((a): Row => [a, null, null, null])
        for (const { sql, closure } of await bothWays(['ln(a)', 'exp(a)'], rows)) {
          for (const [at, value] of closure.entries()) {
            const other = sql[at] ?? null
            if (value === null || other === null) expect(other).toBe(value)
            else expect(Math.abs(value - other)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -52)
          }
        }
      }),
      { numRuns: 30 },
    )
  }, 60_000)

  it('runs the deepest expression that is read', async () => {
    const deep = (inner: string) => `${'('.repeat(49)}a${inner.repeat(49)}`
    const texts = [
      deep(' + 1)'),
      deep(' / 3)'),
      `${'-'.repeat(50)}a`,
      `${'abs('.repeat(50)}a${')'.repeat(50)}`,
    ]
    const both = await bothWays(texts, [[5, null, null, null]])
    expect(both.map(({ sql }) => sql)).toEqual(both.map(({ closure }) => closure))
    expect(both[0]?.closure).toEqual([54])
    expect(both).toHaveLength(4)
  })
})
