import { describe, expect, it } from 'vitest'
import { checkReferences } from './check-references.ts'
import { readDocument } from './document-file.ts'
import { validateProject } from './validate-project.ts'

const GOOD = `
name: churn
problem:
  statement: Will this customer leave within 30 days?
  type: binary-classification
  target: left
sources:
  customers: { kind: parquet, path: customers.parquet }
dataset: { sql: SELECT * FROM customers, id: customer_id, inputs: [age] }
gate:
  criteria:
    - { kind: absolute, metric: rocAuc, atLeast: 0.7 }
`

function issuesOf(change: (yaml: string) => string) {
  const { value, locate } = readDocument('esteira.config.yaml', change(GOOD))
  return validateProject(value, { locate }).issues
}

function wrongReferencesOf(change: (yaml: string) => string) {
  const { value, locate } = readDocument('esteira.config.yaml', change(GOOD))
  const { project } = validateProject(value, { locate })
  return project === undefined ? undefined : checkReferences(project, { locate })
}

describe('validateProject', () => {
  it('fills in every default of a good project', () => {
    const { value } = readDocument('esteira.config.yaml', GOOD)
    const { project } = validateProject(value)
    expect(project?.training.seed).toBe(42)
    expect(project?.dataset.preparation.numeric.missing).toBe('median')
  })

  it('names an unknown field with its line and the field that was meant', () => {
    const [issue] = issuesOf((yaml) => yaml.replace('target: left', 'taget: left'))
    expect(issue).toMatchObject({
      path: 'problem.taget',
      line: 6,
      column: 3,
      got: 'the unknown field "taget"',
      didYouMean: 'target',
    })
  })

  it('suggests a field that is there already when it was written twice', () => {
    const [issue] = issuesOf((yaml) => yaml.replace('name: churn', 'name: churn\nproblm: x'))
    expect(issue?.didYouMean).toBe('problem')
  })

  it('names the choices of a wrong word and the one that was meant', () => {
    const [issue] = issuesOf((yaml) =>
      yaml.replace('binary-classification', 'binary-clasification'),
    )
    expect(issue).toMatchObject({
      path: 'problem.type',
      got: '"binary-clasification"',
      didYouMean: 'binary-classification',
    })
    expect(issue?.expected).toContain('"regression"')
  })

  it('points at the field above when a field is missing', () => {
    const [issue] = issuesOf((yaml) =>
      yaml.replace('  target: left', '').replace(/ {2}statement.*\n/, ''),
    )
    expect(issue).toMatchObject({
      path: 'problem.statement',
      expected: 'a text',
      got: 'nothing',
      line: 3,
    })
  })

  it('gives the mistakes of the kind of source that was chosen, and only those', () => {
    const issues = issuesOf((yaml) =>
      yaml.replace(
        'kind: parquet, path: customers.parquet',
        'kind: csv, path: a.csv, delimeter: ";"',
      ),
    )
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({
      path: 'sources.customers.delimeter',
      didYouMean: 'delimiter',
    })
  })

  it('names the kinds when the kind itself is wrong', () => {
    const [issue] = issuesOf((yaml) => yaml.replace('kind: parquet', 'kind: parket'))
    expect(issue).toMatchObject({ path: 'sources.customers.kind', didYouMean: 'parquet' })
  })

  it('takes the shape that was most likely meant in a choice without a kind', () => {
    const value =
      '{ currency: USD, decisionsPerMonth: 9, truePositive: 1, falsePositiv: 2, falseNegative: 0, trueNegative: 0 }'
    const issues = issuesOf((yaml) =>
      yaml.replace('target: left', `target: left\n  value: ${value}`),
    )
    expect(issues.map((issue) => issue.path)).toEqual([
      'problem.value.falsePositive',
      'problem.value.falsePositiv',
    ])
  })

  it('says what a number, a length and a duration must be', () => {
    const issues = issuesOf((yaml) =>
      yaml
        .replace('atLeast: 0.7', 'atLeast: high')
        .replace('statement: Will this customer leave within 30 days?', 'statement: short')
        .concat('monitoring: { window: 7 days }\ntuning: { sample: 2 }\n'),
    )
    expect(issues.map((issue) => issue.message)).toEqual([
      'problem.statement: expected at least 10 characters, got "short"',
      'gate.criteria[0].atLeast: expected a number, got "high"',
      'monitoring.window: expected a duration such as "90s", "15m", "2h", "7d", got "7 days"',
      'tuning.sample: expected at most 1, got 2',
    ])
  })

  it('refuses a name that breaks the rule for names', () => {
    const [issue] = issuesOf((yaml) => yaml.replace('  customers:', '  My Customers:'))
    expect(issue).toMatchObject({ path: 'sources["My Customers"]', got: '"My Customers"' })
    expect(issue?.expected).toContain('lower-case letters')
  })

  it('finds every mistake at once', () => {
    const issues = issuesOf(() => 'name: 1\nproblem: x\n')
    expect(issues.map((issue) => issue.path)).toEqual([
      'name',
      'sources',
      'dataset',
      'gate',
      'problem',
    ])
  })

  it.each([null, [], 'text', 3, undefined])('refuses %j as a project', (value) => {
    const { issues } = validateProject(value)
    expect(issues[0]?.message).toMatch(/^the project: expected an object, got /)
  })

  it('refuses what judges predictions when none are kept', () => {
    const issues = (deployment: string, rest = '') =>
      wrongReferencesOf(
        (yaml) => `${yaml}deployment: { predictionLog: { keep: none }${deployment} }\n${rest}`,
      )?.map(({ path }) => path)
    expect(issues('')).toEqual([])
    expect(issues(', strategy: { kind: canary }')).toEqual(['deployment.strategy.kind'])
    const triggers =
      'retraining: { triggers: [{ on: schedule, every: 30d }, { on: data-drift }] }\n'
    expect(issues('', triggers)).toEqual(['retraining.triggers[1].on'])
  })

  it('finds an A/B run that nothing could ever decide', () => {
    const issues = (strategy: string) =>
      wrongReferencesOf(
        (yaml) => `${yaml}deployment: { strategy: { kind: ab-test, ${strategy} } }\n`,
      )
    expect(issues('key: { column: age }, metric: conversion')).toEqual([])
    expect(issues('key: parameters.key, metric: accuracy')).toEqual([])
    expect(issues('key: { column: agee }, metric: conversion')?.[0]).toMatchObject({
      path: 'deployment.strategy.key.column',
      didYouMean: 'age',
    })
    expect(issues('key: parameters.key, metric: absoluteError')?.[0]?.path).toBe(
      'deployment.strategy.metric',
    )
    expect(issues('key: parameters.key, metric: valuePerDecision')?.[0]).toMatchObject({
      path: 'deployment.strategy.metric',
      got: 'no value',
    })
  })
})
