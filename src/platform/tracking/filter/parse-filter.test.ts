import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlatformError } from '../../../core/errors/index.ts'
import { MODEL_VERSION_GRAMMAR, RUN_GRAMMAR } from './filter-grammar.ts'
import { parseFilter } from './parse-filter.ts'
import { parseOrder } from './parse-order.ts'

describe('filter', () => {
  it.each([
    ['metrics.rmse < 1', { kind: 'metric', key: 'rmse', comparator: '<', value: 1 }],
    ['metric.a.b >= -1.5e-3', { kind: 'metric', key: 'a.b', comparator: '>=', value: -0.0015 }],
    ['metrics."a b"=.5', { kind: 'metric', key: 'a b', comparator: '=', value: 0.5 }],
    ['`metrics`.`x/y`!=+2', { kind: 'metric', key: 'x/y', comparator: '!=', value: 2 }],
    [`params.lr = "0.1"`, { kind: 'parameter', key: 'lr', comparator: '=', value: '0.1' }],
    [`tag.t like '%x%'`, { kind: 'tag', key: 't', comparator: 'LIKE', value: '%x%' }],
    [`tags.t Is Not Null`, { kind: 'tag', key: 't', comparator: 'IS NOT NULL', value: null }],
    [`params.p = 'it''s'`, { kind: 'parameter', key: 'p', comparator: '=', value: "it's" }],
    ['Created > 5', { kind: 'attribute', key: 'start_time', comparator: '>', value: 5 }],
    [
      `attributes."Run name" = 'x'`,
      { kind: 'attribute', key: 'run_name', comparator: '=', value: 'x' },
    ],
    [
      `run_id not in ('a', "b",)`,
      { kind: 'attribute', key: 'run_id', comparator: 'NOT IN', value: ['a', 'b'] },
    ],
    [`dataset.name IN ('d')`, { kind: 'dataset', key: 'name', comparator: 'IN', value: ['d'] }],
    ['metrics.1st > 0', { kind: 'metric', key: '1st', comparator: '>', value: 0 }],
    ['metrics.x = nan', { kind: 'metric', key: 'x', comparator: '=', value: Number.NaN }],
  ])('reads %s', (text, comparison) => {
    expect(parseFilter(text, RUN_GRAMMAR)).toEqual([comparison])
  })

  it('joins with AND, in any case, and takes nothing as no condition', () => {
    const text = ` metrics.a > 1 aNd\n params.b = 'x AND y' AND status='FINISHED' `
    expect(parseFilter(text, RUN_GRAMMAR)).toHaveLength(3)
    expect(parseFilter('  ', RUN_GRAMMAR)).toEqual([])
  })

  it.each<[string, number, string]>([
    ['metrics.a > 1 OR metrics.b > 2', 14, 'no OR'],
    ['metrcs.a > 1', 0, 'Did you mean "metrics"?'],
    [`attributes.stauts = 'x'`, 0, 'Did you mean "status"?'],
    [`datasets.nam = 'x'`, 0, 'Did you mean "name"?'],
    [`metrics.a = '1'`, 12, 'without quotes'],
    ['params.a = 1', 11, "'text'"],
    ['params.a == 1', 9, 'Did you mean =?'],
    ['metrics.a LIKE 1', 10, 'Use one of'],
    ['metrics.a <> 1', 10, 'Did you mean !=?'],
    [`params.a = 'x`, 11, 'Close it'],
    [`tags.a IN ('x')`, 7, 'Use one of'],
    ['metrics.a > ', 12, 'without quotes'],
    ['metrics.', 8, 'for example'],
    ['metrics.a-b > 1', 9, 'backticks'],
    [`run_id IN ()`, 11, "'text'"],
    [`run_id IN ('a'`, 14, "('a', 'b')"],
    ['metrics.a > 1 AND', 17, 'for example'],
    ['metrics.a > 1; DROP TABLE runs', 13, 'backticks'],
    [`params.a = 'x\0'`, 13, 'Remove it'],
    ['end_time IS NULL', 9, 'Use one of'],
    [`'status' = 'x'`, 0, 'for example'],
    ['constructor.x = 1', 0, 'Valid are'],
  ])('refuses %j at %d', (text, position, hint) => {
    const reading = () => parseFilter(text, RUN_GRAMMAR)
    expect(reading).toThrow(
      expect.objectContaining({
        code: 'FILTER_INVALID',
        details: expect.objectContaining({ position }),
        hint: expect.stringContaining(hint),
      }),
    )
  })

  it('reads the grammar of model versions', () => {
    const text = `version_number > 3 AND source_path LIKE 's3:%' AND tags.a != 'b'`
    expect(parseFilter(text, MODEL_VERSION_GRAMMAR).map(({ key }) => key)).toEqual([
      'version_number',
      'source_path',
      'a',
    ])
  })

  it('never fails otherwise, whatever the text', () => {
    const pieces = fc.constantFrom(
      'metrics',
      '.',
      'a',
      ' ',
      "'",
      '"',
      '`',
      '>',
      '=',
      '1',
      '-',
      '(',
      ')',
      'AND',
      'IN',
      'NOT',
      'é',
      '\\',
      ',',
      '1e5',
      'NaN',
    )
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseFilter(text, RUN_GRAMMAR)
        } catch (error) {
          expect(isPlatformError(error, 'FILTER_INVALID')).toBe(true)
        }
      }),
    )
  })
})

describe('ordering', () => {
  it('reads keys, quotes and directions', () => {
    const texts = ['metrics.`a b` DESC', 'params.x', 'Created asc', 'tags."t"']
    expect(parseOrder(texts, RUN_GRAMMAR)).toEqual([
      { kind: 'metric', key: 'a b', isAscending: false },
      { kind: 'parameter', key: 'x', isAscending: true },
      { kind: 'attribute', key: 'start_time', isAscending: true },
      { kind: 'tag', key: 't', isAscending: true },
    ])
  })

  it.each([['metrics.a DESK'], ['datasets.name'], ['nothing'], [''], ['status', 'status DESC']])(
    'refuses %j',
    (...texts) => {
      const code = 'ORDER_INVALID'
      expect(() => parseOrder(texts, RUN_GRAMMAR)).toThrow(expect.objectContaining({ code }))
    },
  )
})
