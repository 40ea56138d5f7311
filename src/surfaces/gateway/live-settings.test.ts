import { expect, test } from 'vitest'
import { type Project, projectSchema } from '../../core/records/index.ts'
import { createLiveSettings } from './live-settings.ts'

function project(deployment: object = {}, more: object = {}): Project {
  return projectSchema.parse({
    name: 'churn',
    problem: { statement: 'Who leaves?', type: 'binary-classification', target: 'left_us' },
    sources: { customers: { kind: 'csv', path: 'customers.csv' } },
    dataset: { sql: 'SELECT * FROM customers', id: 'id', inputs: ['age'] },
    gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.5 }] },
    deployment,
    ...more,
  })
}

test('what a gateway obeys is taken over, as another object, and told once', () => {
  const settings = createLiveSettings(project())
  const before = settings.policy
  const next = project({ maxBatchRows: 5, outOfRange: 'reject', probing: {} })
  expect(settings.take({ project: next })).toEqual([
    'from now on as the project file says: outOfRange, maxBatchRows, probing',
  ])
  expect(settings.policy).toEqual(next.deployment)
  expect(settings.policy).not.toBe(before)
  expect(before.maxBatchRows).toBe(1_000)
  expect(settings.take({ project: next })).toEqual([])
  settings.take({ project: project() })
  expect(settings.policy.probing).toBeUndefined()
})

test('a refused file changes nothing, and is a problem until one is taken again', () => {
  const settings = createLiveSettings(project({ maxBatchRows: 5 }))
  const [line] = settings.take({ refused: 'deployment.maxBatchRows: too small' })
  expect(line).toContain('deployment.maxBatchRows: too small')
  expect(settings.problems).toEqual([line])
  expect(settings.isValid).toBe(false)
  expect(settings.policy.maxBatchRows).toBe(5)
  expect(settings.take({ project: project({ maxBatchRows: 6 }) })).toHaveLength(1)
  expect(settings.problems).toEqual([])
  expect(settings.isValid).toBe(true)
})

test.each([
  ['project', project({ maxBatchRows: 7 }, { name: 'other' })],
  ['endpoint', project({ maxBatchRows: 7, endpoint: 'renamed' })],
])('a file of another %s is refused wholly', (what, next) => {
  const settings = createLiveSettings(project())
  expect(settings.take({ project: next })[0]).toContain(`names the ${what}`)
  expect(settings.isValid).toBe(false)
  expect(settings.policy.maxBatchRows).toBe(1_000)
})

test('what holds after a restart only is named, beside what holds at once', () => {
  const settings = createLiveSettings(project())
  const next = project(
    { maxBatchRows: 8, strategy: { kind: 'canary' } },
    {
      entities: { customer: { keys: ['id'] } },
      featureViews: {
        visits: { entity: 'customer', sql: 'SELECT 1', eventTime: 'at', timeToLive: '1d' },
      },
    },
  )
  settings.take({ project: next })
  expect(settings.policy.maxBatchRows).toBe(8)
  expect(settings.policy.strategy.kind).toBe('blue-green')
  expect(settings.isValid).toBe(true)
  expect(settings.problems).toEqual([
    'changed in the project file, and held after a restart only: entities, featureViews, deployment.strategy',
  ])
})
