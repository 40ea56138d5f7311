import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultText } from './expression-fault.ts'
import type { KnownColumn } from './infer-type.ts'
import { compileNumber } from './number-expression.ts'
import { readExpression } from './read-expression.ts'

const COLUMNS: readonly KnownColumn[] = [
  { name: 'distance', kind: 'number' },
  { name: 'hours', kind: 'number' },
  { name: 'carrier', kind: 'text' },
  { name: 'airport__mean', kind: 'number' },
  { name: 'a "b"', kind: 'number' },
]
const ROW = [100, 4, 'AA', null, -2]

function read(text: string) {
  const reading = readExpression(text, COLUMNS)
  if (reading.kind === 'fault') return faultText(reading.fault)
  const names = COLUMNS.map(({ name }) => name)
  return compileNumber(reading.expression, names)(ROW)
}

describe('an expression', () => {
  it.each([
    ['distance / hours', 25],
    ['distance - hours - 1', 95],
    ['2 + hours * 3 % 5 - -hours', 2 + ((4 * 3) % 5) + 4],
    ['-hours * hours', -16],
    ['(distance + 1) * hours', 404],
    ['hours > 3', 1],
    ["not hours > 3 and distance > 0 or carrier = 'AA'", 1],
    ['hours >= 4 AND NOT (distance <> 100)', 1],
    ['hours == 4 and hours != 5', 1],
    ["if(carrier = 'AA', 10, 20) + hours", 14],
    ['"a ""b""" + 1', -1],
    ['min(distance, hours, 7) + max(1, hours)', 8],
    ['abs(-3.5) + floor(-0.5) + ceil(.2e1) + sqrt(hours) + hours - hours', 6.5],
    ['ln(exp(hours))', 4],
  ])('%s is %d', (text, value) => {
    expect(read(text)).toBe(value)
  })

  it.each([
    ['hours / 0'],
    ['hours % (hours - 4)'],
    ['ln(hours - 4)'],
    ['sqrt(-hours)'],
    ['exp(hours * 1000)'],
    ['1e300 * 1e300 + hours'],
    ['1e39 * hours'],
    ['airport__mean + 1'],
    ['min(airport__mean, 1)'],
    ['airport__mean = airport__mean'],
    ['not airport__mean > 1'],
    ['airport__mean > 1 or hours > 9'],
  ])('%s is missing', (text) => {
    expect(read(text)).toBeNull()
  })

  it('goes on beside missing parts where it can be decided', () => {
    expect(read('airport__mean > 1 or hours = 4')).toBe(1)
    expect(read('airport__mean > 1 and hours <> 4')).toBe(0)
    expect(read('coalesce(airport__mean, hours / 0, 7)')).toBe(7)
    expect(read('if(airport__mean > 1, 1, 2)')).toBe(2)
    expect(read('if(hours > 1, 1, airport__mean)')).toBe(1)
  })

  it.each([
    ['distance / ', 'character 12: expected a value, got the end'],
    ['distance hours', 'character 10: expected an operator or the end, got "hours"'],
    ['(hours', 'character 7: expected ")", got the end'],
    ['hours ! 2', /^character 7: .* got "!"$/],
    [
      "carrier = 'AA",
      "character 11: expected a number, a column, a 'text', an operator or a function, got a ' without its end",
    ],
    ['1 < hours < 5', 'character 11: expected "and" between two comparisons, got "<"'],
    [
      'flor(hours)',
      /^character 1: expected one of the functions abs.*got flor\(\); did you mean "floor"\?$/,
    ],
    ['constructor(hours)', /^character 1: expected one of the functions/],
    ['hours + toString', /^character 9: expected an input or a feature/],
    ['abs(hours, 1)', 'character 1: expected 1 value for abs(), got 2'],
    ['max(hours)', 'character 1: expected 2 to 20 values for max(), got 1'],
    ['if(hours > 1, 2)', 'character 1: expected 3 values for if(), got 2'],
    [
      '1 + distanse',
      /^character 5: expected an input .* got "distanse"; did you mean "distance"\?$/,
    ],
    ['carrier + 1', 'character 1: expected a number, got a text ("carrier")'],
    [
      'hours + (hours > 1)',
      /^character 16: expected a number, got a condition; if\(…, 1, 0\) makes/,
    ],
    [
      'if(hours, 1, 0)',
      'character 4: expected a condition such as "x > 0", got a number ("hours")',
    ],
    ["hours = 'AA'", 'character 9: expected a number, got a text'],
    ["carrier < 'B'", 'character 1: expected a number, got a text ("carrier")'],
    ["if(hours > 1, 1, 'one')", 'character 18: expected a number, got a text'],
    ['carrier', 'character 1: expected a number or a condition, got a text'],
    ['1 + 2', 'character 1: expected an input or a feature in it, got a constant'],
    ['1e999 + hours', /^character 1: expected a number of at most 1\.8e308/],
    [`${'hours+'.repeat(60)}1`, /^character 1: expected at most 50 operations inside one another/],
    ['hours +'.repeat(200), /^character 1001: expected at most 1000 characters, got 1400$/],
    [`${'('.repeat(500)}hours${')'.repeat(400)}`, /^character 906: expected "\)", got the end$/],
    ["carrier = '\ud800'", /^character 11: expected Unicode text/],
    ['', 'character 1: expected a value, got the end'],
  ])('%s is refused with its place', (text, message) => {
    expect(read(text)).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
  })

  it('takes names of columns that are known later', () => {
    const later = (name: string) => name.startsWith('view__')
    expect(readExpression('hours + view__a', COLUMNS, later).kind).toBe('expression')
    expect(readExpression('hours + views__a', COLUMNS, later).kind).toBe('fault')
    expect(readExpression("view__a = 'x'", COLUMNS, later).kind).toBe('expression')
  })

  it('is read or refused whatever the text', () => {
    const pieces = fc.constantFrom(
      ...['(', ')', ',', '+', '-', 'not ', ' and ', ' or ', '<', '=', "'", '"', '1', '.', 'e9'],
      ...[
        'hours',
        'carrier',
        'if(',
        'coalesce(',
        '__proto__',
        'constructor',
        ';',
        '--',
        '/*',
        '\0',
      ],
    )
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 1_100 }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const got = read(text)
        const isFault = typeof got === 'string' && /^character \d+: expected /.test(got)
        expect(isFault || got === null || Number.isFinite(got)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
