import { describe, expect, it } from 'vitest'
import type { ProjectInput } from '../../core/records/index.ts'
import { checkReferences } from './check-references.ts'
import { validateProject } from './validate-project.ts'

const INPUT: ProjectInput = {
  name: 'rides',
  problem: { statement: 'How long does this ride take?', type: 'regression', target: 'minutes' },
  sources: { rides: { kind: 'csv', path: 'rides.csv' } },
  entities: { zone: { keys: ['zone'] } },
  featureViews: {
    listed: { entity: 'zone', sql: 'SELECT 1', eventTime: 'at', features: ['speed'] },
    open: { entity: 'zone', sql: 'SELECT 1', eventTime: 'at' },
  },
  dataset: {
    sql: 'SELECT * FROM rides',
    id: 'ride',
    predictionTime: 'asked_at',
    inputs: ['distance', 'Fee'],
    features: ['listed', 'open'],
    keep: ['district'],
  },
  gate: { criteria: [{ kind: 'absolute', metric: 'r2', atLeast: 0.1 }] },
}

function messagesOf(onDemand: Record<string, string>) {
  const { project, issues } = validateProject({
    ...INPUT,
    dataset: { ...INPUT.dataset, onDemand },
  })
  return (project === undefined ? issues : checkReferences(project)).map(({ message }) => message)
}

describe('computed inputs of a project', () => {
  it('may name inputs, features, and features that only a view’s SQL knows', () => {
    const hours = 'distance / listed__speed'
    expect(
      messagesOf({ hours, share: 'open__anything / (Fee + 1)', far: 'distance > 10' }),
    ).toEqual([])
  })

  it.each([
    ['distance /', /^dataset\.onDemand\.x: expected a value at character 11, got the end$/],
    [
      'distanse / 2',
      /^dataset\.onDemand\.x: expected an input or a feature .*got "distanse"; did you mean "distance"\?$/,
    ],
    ['listed__sped * 2', /got "listed__sped"; did you mean "listed__speed"\?$/],
    ['district + 1', /got "district"/],
    ['minutes * 2', /got "minutes"/],
    ['y * 2', /computed inputs cannot refer to each other\) at character 1, got "y"/],
    ['Fee y', /expected an operator or the end at character 5, got "y"$/],
    ['x * 2', /computed inputs cannot refer to each other\) at character 1, got "x"/],
    ["distance * 'far'", /expected a number at character 12, got a text$/],
    ['', /^dataset\.onDemand\.x: /],
  ])('refuses %s', (x, message) => {
    expect(messagesOf({ x, y: 'Fee + 1' })).toEqual([expect.stringMatching(message)])
  })

  it.each([
    ['fee', 'that of an input'],
    ['district', 'that of a kept column'],
    ['RIDE', 'that of the id'],
    ['asked_at', 'that of a time'],
    ['minutes', 'that of the target'],
    ['zone', 'that of an entity key'],
    ['open__more', 'one of the features of "open"'],
  ])('refuses the name %s', (name, got) => {
    expect(messagesOf({ [name]: 'distance + 1' })).toEqual([
      `dataset.onDemand.${name}: expected a name of its own, got ${got}`,
    ])
  })

  it('refuses names that frames use', () => {
    expect(messagesOf({ __id: 'distance + 1' })).toEqual([
      'dataset.onDemand.__id: expected a name without "__" in front, got __id',
    ])
  })
})
