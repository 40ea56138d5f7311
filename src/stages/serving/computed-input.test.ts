import { describe, expect, it } from 'vitest'
import { type ModelSignature, projectSchema } from '../../core/records/index.ts'
import { assembleInputs, type ValidationPolicy } from './assemble-inputs.ts'
import type { Cell } from './cell.ts'
import { planInputs } from './input-plan.ts'

type Input = ModelSignature['inputs'][number]

function input(name: string, changes: Partial<Input> = {}): Input {
  return { name, kind: 'number', view: null, range: null, categories: null, ...changes }
}

function signatureOf(onDemand: string, range: [number, number] | null = null): ModelSignature {
  return {
    schemaVersion: 1,
    problemType: 'regression',
    inputs: [
      // A model's inputs come in its own order: a computed one may stand before what it needs.
      input('pace', { onDemand, range }),
      input('distance', { range: [0, 100] }),
      input('zone__speed', { view: 'zone' }),
      input('kind', { kind: 'text', categories: ['day', 'night'] }),
    ],
    classes: [],
    positiveClass: null,
    tensors: { numeric: 'n', categorical: 'c', output: 'o' },
  }
}

const SENT: Readonly<Record<string, readonly Cell[]>> = {
  distance: [10, 500, null],
  kind: ['day', 'night', 'day'],
}
const LOOKED_UP: Readonly<Record<string, readonly Cell[]>> = { zone__speed: [4, 0, 8] }

function assemble(signature: ModelSignature, policy: Partial<ValidationPolicy> = {}) {
  return assembleInputs(
    {
      rows: 3,
      sent: (name) => SENT[name],
      features: (name) => LOOKED_UP[name],
    },
    { signature, policy: { outOfRange: 'flag', unknownCategory: 'flag', ...policy } },
  )
}

describe('a computed input', () => {
  it('is made of what was sent and looked up', () => {
    const { columns } = assemble(signatureOf("if(kind = 'day', distance / zone__speed, -1)"))
    expect(columns[0]).toEqual([2.5, -1, null])
    expect(columns.slice(1)).toEqual([SENT.distance, LOOKED_UP.zone__speed, SENT.kind])
  })

  it('sees values before they are clipped, and is clipped itself', () => {
    const { columns, flags } = assemble(signatureOf('distance * 2', [0, 50]), {
      outOfRange: 'clip',
    })
    expect(columns.slice(0, 2)).toEqual([
      [20, 50, null],
      [10, 100, null],
    ])
    expect(flags).toEqual([[], ['clipped:pace', 'clipped:distance'], []])
  })

  it('is flagged and not refused, since nobody sent it', () => {
    const { flags, refused } = assemble(signatureOf('distance * 2', [0, 50]), {
      outOfRange: 'reject',
    })
    expect(refused.map(({ input: name }) => name)).toEqual(['distance'])
    expect(flags).toEqual([[], ['out-of-range:pace'], []])
  })

  it('takes a feature of another kind than training had for missing', () => {
    const signature = signatureOf('coalesce(zone__speed, 7)')
    const { columns } = assembleInputs(
      { rows: 1, sent: () => [1], features: () => ['fast'] },
      { signature, policy: { outOfRange: 'flag', unknownCategory: 'flag' } },
    )
    expect(columns[0]).toEqual([7])
  })
})

const PROJECT = projectSchema.parse({
  name: 'rides',
  problem: { statement: 'How long does this ride take?', type: 'regression', target: 'minutes' },
  sources: {},
  entities: { zone: { keys: ['zone'] } },
  featureViews: { zone: { entity: 'zone', sql: 'SELECT 1', eventTime: 'at' } },
  dataset: { sql: 'SELECT 1', id: 'ride' },
  gate: { criteria: [{ kind: 'absolute', metric: 'r2', atLeast: 0 }] },
})

function planOf(signature: ModelSignature) {
  return planInputs({ signature }, PROJECT, undefined)
}

describe('the plan of inputs', () => {
  it('asks the caller for what a computed input needs, and not for it', () => {
    const plan = planOf(signatureOf('distance / zone__speed'))
    expect(plan.columns.map(({ name }) => name)).toEqual(['distance', 'kind', 'zone'])
    expect(plan.computed).toEqual(['pace'])
  })

  it.each([
    ['distance /', /"pace" does not fit: character 11: expected a value/],
    ['lost + 1', /"pace" does not fit: character 1: .*got "lost"/],
    ['pace + 1', /"pace" does not fit: character 1: .*got "pace"/],
    ['kind * 2', /"pace" does not fit: character 1: expected a number, got a text/],
  ])('refuses a version whose expression is %s', (onDemand, message) => {
    expect(() => planOf(signatureOf(onDemand))).toThrow(message)
  })
})
