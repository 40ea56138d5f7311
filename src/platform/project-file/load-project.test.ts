import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject } from './load-project.ts'

const PROJECT = {
  name: 'churn',
  problem: {
    statement: 'Will this customer leave within 30 days?',
    type: 'binary-classification',
    target: 'left_us',
  },
  sources: { customers: { kind: 'parquet', path: 'customers.parquet' } },
  dataset: { sql: 'SELECT * FROM customers', id: 'customer_id', inputs: ['age'] },
  gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.7 }] },
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-project-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text)
}

function writeProject(change: Record<string, unknown> = {}): void {
  write('esteira.config.json', JSON.stringify({ ...PROJECT, ...change }))
}

describe('loadProject', () => {
  it('gives equal digests for the same project as TypeScript, JSON and YAML', async () => {
    writeProject()
    const json = await loadProject(folder)
    write('one.yaml', JSON.stringify(PROJECT, null, 2))
    const yaml = await loadProject(path.join(folder, 'one.yaml'))
    write('one.ts', `const project: object = ${JSON.stringify(PROJECT)}\nexport default project\n`)
    const typescript = await loadProject(path.join(folder, 'one.ts'))
    expect(new Set([json.digest, yaml.digest, typescript.digest]).size).toBe(1)
    expect(json.folder).toBe(folder)
  })

  it('has another digest when the project says something else', async () => {
    writeProject()
    const before = await loadProject(folder)
    writeProject({ training: { seed: 43 } })
    const after = await loadProject(folder)
    expect(after.digest).not.toBe(before.digest)
  })

  it('says which names it looked for when there is no project file', async () => {
    await expect(loadProject(folder)).rejects.toMatchObject({
      code: 'PROJECT_FILE_MISSING',
      message: expect.stringContaining('esteira.config.ts'),
    })
  })

  it('does not look in the folder above', async () => {
    writeProject()
    mkdirSync(path.join(folder, 'inner'))
    await expect(loadProject(path.join(folder, 'inner'))).rejects.toMatchObject({
      code: 'PROJECT_FILE_MISSING',
    })
  })

  it('names the files when there are several', async () => {
    writeProject()
    write('esteira.config.yaml', 'name: x')
    await expect(loadProject(folder)).rejects.toMatchObject({
      code: 'PROJECT_FILE_AMBIGUOUS',
      message: expect.stringContaining('esteira.config.json, esteira.config.yaml'),
    })
  })

  it('reports mistakes with the file and the line', async () => {
    write('esteira.config.json', JSON.stringify({ ...PROJECT, gat: 1 }, null, 2))
    await expect(loadProject(folder)).rejects.toMatchObject({
      code: 'PROJECT_INVALID',
      exit: 'usage',
      message: expect.stringMatching(/esteira\.config\.json:\d+:3 gat: .*did you mean "gate"\?/),
    })
  })
})

describe('references of a project', () => {
  it.each<[what: string, change: Record<string, unknown>, message: RegExp]>([
    [
      'an entity that does not exist',
      {
        entities: { customer: { keys: ['customer_id'] } },
        featureViews: { visits: { entity: 'custmer', sql: 'SELECT 1', eventTime: 't' } },
      },
      /featureViews\.visits\.entity: .*did you mean "customer"\?/,
    ],
    [
      'a feature view that does not exist',
      { dataset: { ...PROJECT.dataset, predictionTime: 't', features: ['vists'] } },
      /dataset\.features\[0\]: expected one of the feature views; there is none/,
    ],
    [
      'a default of a feature that its view does not list',
      {
        entities: { customer: { keys: ['customer_id'] } },
        featureViews: {
          visits: {
            entity: 'customer',
            sql: 'SELECT 1',
            eventTime: 't',
            features: ['count'],
            defaults: { cuont: 0 },
          },
        },
      },
      /featureViews\.visits\.defaults\.cuont: expected a feature of "visits": count.*did you mean "count"\?/,
    ],
    [
      'a default of a key',
      {
        entities: { customer: { keys: ['customer_id'] } },
        featureViews: {
          visits: {
            entity: 'customer',
            sql: 'SELECT 1',
            eventTime: 't',
            defaults: { customer_id: 0 },
          },
        },
      },
      /featureViews\.visits\.defaults\.customer_id: expected a feature of "visits", got its key/,
    ],
    [
      'a feature that its view does not list',
      {
        entities: { customer: { keys: ['customer_id'] } },
        featureViews: {
          visits: { entity: 'customer', sql: 'SELECT 1', eventTime: 't', features: ['count'] },
        },
        dataset: { ...PROJECT.dataset, predictionTime: 't', features: ['visits.cuont'] },
      },
      /dataset\.features\[0\]: expected a feature of "visits": count.*did you mean "count"\?/,
    ],
    [
      'a source in a reference',
      {
        sources: {
          customers: {
            ...PROJECT.sources.customers,
            expectations: [
              { expect: 'reference', column: 'a', source: 'plans', sourceColumn: 'b' },
            ],
          },
        },
      },
      /sources\.customers\.expectations\[0\]\.source: expected one of the sources: customers/,
    ],
    [
      'a voting member',
      {
        candidates: [
          { name: 'forest', estimator: 'random-forest' },
          { name: 'vote', estimator: 'voting', members: ['forrest'] },
        ],
      },
      /candidates\[1\]\.members\[0\]: .*did you mean "forest"\?/,
    ],
    [
      'members of something that does not vote',
      { candidates: [{ name: 'forest', estimator: 'random-forest', members: ['a'] }] },
      /candidates\[0\]\.members: expected nothing, since only "voting" has it/,
    ],
    [
      'two candidates of one name',
      {
        candidates: [
          { name: 'a', estimator: 'xgboost' },
          { name: 'a', estimator: 'svm' },
        ],
      },
      /candidates\[1\]\.name: expected a name of its own/,
    ],
    [
      'a slice by an unknown column',
      { evaluation: { slices: ['agge'] } },
      /evaluation\.slices\[0\]: .*did you mean "age"\?/,
    ],
    [
      'a fairness criterion without its group',
      { gate: { criteria: [{ kind: 'fairness', column: 'age', atMost: 0.1 }] } },
      /gate\.criteria\[0\]\.column: expected one of evaluation\.fairness\.groups; there is none/,
    ],
    [
      'a criterion without any bound',
      { gate: { criteria: [{ kind: 'absolute', metric: 'f1' }] } },
      /gate\.criteria\[0\]: expected atLeast, atMost, or both, got neither/,
    ],
    [
      'the target among the inputs',
      { dataset: { ...PROJECT.dataset, inputs: ['age', 'left_us'] } },
      /dataset\.inputs\[1\]: expected columns known before the prediction/,
    ],
    [
      'a split by time without a time',
      { dataset: { ...PROJECT.dataset, split: { by: 'time' } } },
      /dataset\.predictionTime: .*since the split is by time/,
    ],
    [
      'a supervised problem without a target',
      { problem: { ...PROJECT.problem, target: undefined } },
      /problem\.target: expected the dataset's column to predict/,
    ],
    [
      'a problem without inputs',
      { dataset: { ...PROJECT.dataset, inputs: [] } },
      /dataset\.inputs: expected at least one column/,
    ],
    [
      'bounds the wrong way round',
      {
        sources: {
          customers: {
            ...PROJECT.sources.customers,
            expectations: [{ expect: 'range', column: 'age', min: 9, max: 1 }],
          },
        },
      },
      /expectations\[0\]\.min: expected at most max, 1, got 9/,
    ],
  ])('refuses %s', async (_, change, message) => {
    writeProject(change)
    await expect(loadProject(folder)).rejects.toMatchObject({
      code: 'PROJECT_INVALID',
      message: expect.stringMatching(message),
    })
  })
})
