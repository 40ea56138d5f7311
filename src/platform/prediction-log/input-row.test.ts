import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InputRow } from './input-row.ts'

test('a row by its names is written as the same inputs by name', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\n', 'constructor', '7', '\ud800'))
  const cell = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.string(),
    fc.constantFrom(null, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, '\u2028', '\ud800'),
  )
  const rows = fc.uniqueArray(fc.tuple(name, cell), { selector: ([first]) => first, maxLength: 30 })
  fc.assert(
    fc.property(rows, (pairs) => {
      // Objects put whole numbers first: compared is what a reader gets.
      const row = new InputRow(
        pairs.map(([first]) => first),
        pairs.map(([, second]) => second),
      )
      const byName = Object.fromEntries(pairs)
      expect(JSON.parse(row.toText())).toEqual(JSON.parse(JSON.stringify(byName)))
    }),
    { numRuns: 500 },
  )
})

test('a model without inputs has an empty row', () => {
  expect(new InputRow([], []).toText()).toBe('{}')
})
