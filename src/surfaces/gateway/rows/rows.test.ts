import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nanAsNull } from './lenient-json.ts'
import { parseCsv } from './parse-csv.ts'

test('CSV reads quotes, empty fields and line ends of either kind', () => {
  expect(parseCsv('a,b\r\n"x ""y"", z",\n,"two\nlines"')).toEqual([
    ['a', 'b'],
    ['x "y", z', null],
    [null, 'two\nlines'],
  ])
  expect(parseCsv('\uFEFFa\n"NaN"\nNaN\n')).toEqual([['a'], ['NaN'], [null]])
  for (const broken of ['"', 'a\n"x"y', 'x"y']) expect(() => parseCsv(broken)).toThrow(/CSV/)
})

test('any table comes back from its CSV', () => {
  const cell = fc.string({ unit: fc.constantFrom(...'ab",\r\n é') })
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1 }),
    )
  fc.assert(
    fc.property(table, (rows) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
      expect(parseCsv(rows.map((row) => row.map(quoted).join(',')).join('\r\n'))).toEqual(rows)
    }),
  )
})

test('NaN is null outside of texts, and nothing else changes', () => {
  const text = '{"NaN": [NaN, "NaN \\" NaN", -1, NaN], "a\\\\": NaN}'
  expect(JSON.parse(nanAsNull(text))).toEqual({
    NaN: [null, 'NaN " NaN', -1, null],
    'a\\': null,
  })
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(nanAsNull(json)).toBe(json)
    }),
  )
})
