import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelSignature } from '../../core/records/index.ts'
import { assembleInputs, type InputSources, type ValidationPolicy } from './assemble-inputs.ts'
import type { Cell } from './cell.ts'

const signature: ModelSignature = {
  schemaVersion: 1,
  problemType: 'regression',
  inputs: [
    { name: 'age', kind: 'number', view: null, range: [10, 20], categories: null },
    { name: 'v__mean', kind: 'number', view: 'v', range: [0, 1], categories: null },
    { name: 'plan', kind: 'text', view: null, range: null, categories: ['month', 'year'] },
    { name: 'v__top', kind: 'text', view: 'v', range: null, categories: ['a'] },
    { name: 'free', kind: 'text', view: null, range: null, categories: [] },
    { name: 'open', kind: 'number', view: null, range: null, categories: null },
  ],
  classes: [],
  positiveClass: null,
  tensors: { numeric: 'n', categorical: 'c', output: 'o' },
}

const USUAL: Readonly<Record<string, Cell>> = {
  age: 15,
  v__mean: 0.5,
  plan: 'month',
  v__top: 'a',
  free: 'anything',
  open: 1e9,
}

function sourcesOf(rows: readonly Readonly<Record<string, Cell>>[]): InputSources {
  const column = (name: string) => rows.map((row) => ({ ...USUAL, ...row })[name] ?? null)
  return { rows: rows.length, sent: column, features: column }
}

function assemble(
  rows: readonly Readonly<Record<string, Cell>>[],
  policy: Partial<ValidationPolicy> = {},
) {
  const { columns, ...rest } = assembleInputs(sourcesOf(rows), {
    signature,
    policy: { outOfRange: 'flag', unknownCategory: 'flag', ...policy },
  })
  const names = signature.inputs.map(({ name }) => name)
  return { ...rest, cells: Object.fromEntries(names.map((name, i) => [name, columns[i]])) }
}

describe('inputs of a model', () => {
  it('come in the signature’s order, missing values as they are and without a flag', () => {
    const missing = { age: null, v__mean: null, plan: null, v__top: null, open: null }
    for (const outOfRange of ['flag', 'clip', 'reject'] as const) {
      const { cells, flags, refused } = assemble([{}, missing, { age: Number.NaN }], {
        outOfRange,
        unknownCategory: 'reject',
      })
      expect(cells.age).toEqual([15, null, Number.NaN])
      expect(cells.plan).toEqual(['month', null, 'month'])
      expect(flags).toEqual([[], [], []])
      expect(refused).toEqual([])
    }
  })

  it('are flagged when far outside the range or of no known category', () => {
    const { flags, cells } = assemble([
      { age: 21 },
      { age: 21.1, v__mean: -0.2, plan: 'weekly', v__top: 'b', free: 'new' },
    ])
    expect(flags).toEqual([
      [],
      [
        'out-of-range:age',
        'out-of-range:v__mean',
        'unknown-category:plan',
        'unknown-category:v__top',
      ],
    ])
    expect(cells.age).toEqual([21, 21.1])
  })

  it('are refused when they were sent, and flagged when they were looked up', () => {
    const { flags, refused } = assemble(
      [{ age: 30, v__mean: 3 }, {}, { plan: 'weekly', v__top: 'b' }],
      { outOfRange: 'reject', unknownCategory: 'reject' },
    )
    expect(refused).toEqual([
      { kind: 'out-of-range', input: 'age', row: 0, value: 30, low: 10, high: 20 },
      {
        kind: 'unknown-category',
        input: 'plan',
        row: 2,
        value: 'weekly',
        known: ['month', 'year'],
      },
    ])
    expect(flags).toEqual([['out-of-range:v__mean'], [], ['unknown-category:v__top']])
  })

  it('are pulled to the range’s ends in order, sent and looked up, and what was sent stays', () => {
    const property = fc.property(fc.array(fc.double(), { minLength: 1 }), (numbers) => {
      const sent: readonly Cell[] = numbers
      const before = [...sent]
      const { columns, flags } = assembleInputs(
        { rows: sent.length, sent: () => sent, features: () => sent },
        { signature, policy: { outOfRange: 'clip', unknownCategory: 'flag' } },
      )
      expect(sent).toEqual(before)
      for (const [row, number] of numbers.entries()) {
        const seen = columns[0]?.[row]
        expect(seen).toBe(Number.isNaN(number) ? number : Math.min(20, Math.max(10, number)))
        expect(flags[row]?.includes('clipped:age')).toBe(
          !Object.is(seen, number) && seen !== number,
        )
        expect(columns[5]?.[row]).toBe(number)
      }
    })
    fc.assert(property)
    const { cells, flags } = assemble([{ v__mean: 7 }], { outOfRange: 'clip' })
    expect(cells.v__mean).toEqual([1])
    expect(flags).toEqual([['clipped:v__mean']])
  })

  it('lose a feature of another kind than training had', () => {
    expect(assemble([{ v__mean: 'x', v__top: 3 }]).cells).toMatchObject({
      v__mean: [null],
      v__top: [null],
    })
  })

  it('keep the flags that rows had before', () => {
    const flags = [['feature-fallback:v'], []]
    const options = { signature, policy: { outOfRange: 'flag', unknownCategory: 'flag' } } as const
    const assembled = assembleInputs({ ...sourcesOf([{ age: 99 }, {}]), flags }, options)
    expect(assembled.flags).toEqual([['feature-fallback:v', 'out-of-range:age'], []])
  })
})
