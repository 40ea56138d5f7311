import type { BinaryValue, Frame, PolicyValue, Problem } from '../../core/records/index.ts'
import { FRAME_COLUMNS } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  quoteIdentifier,
  quoteLiteral,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { findSimpleRule, scoreSimpleRule } from './simple-rule.ts'

interface MeasureOptions {
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  readonly frame: Frame
  readonly problem: Problem
}

interface RuleRows {
  readonly labels: Uint8Array
  readonly columns: ReadonlyMap<string, Float64Array>
}

async function readRows(options: MeasureOptions, part: 'train' | 'validation'): Promise<RuleRows> {
  const { frame, artifacts, engine } = options
  const numbers = frame.inputs.filter((input) => input.kind === 'number').map((input) => input.name)
  const path = artifacts.pathOf(frame.parts[part].table.digest)
  const target = `CAST(${quoteIdentifier(FRAME_COLUMNS.target)} = ${quoteLiteral(frame.positiveClass ?? '')} AS DOUBLE) AS "__positive"`
  const selected = numbers.map(
    (name) => `CAST(${quoteIdentifier(name)} AS DOUBLE) AS ${quoteIdentifier(name)}`,
  )
  const table = await engine.columns(
    `SELECT ${[target, ...selected].join(', ')} FROM read_parquet(${quoteLiteral(path)})`,
  )
  const columnOf = (name: string): Float64Array => {
    const values = table[name]?.values
    return values instanceof Float64Array ? values : new Float64Array()
  }
  return {
    labels: Uint8Array.from(columnOf('__positive')),
    columns: new Map(numbers.map((name) => [name, columnOf(name)])),
  }
}

function policyValue(
  problem: Problem,
  policy: PolicyValue['policy'],
  description: string,
  valuePerDecision: number,
): PolicyValue {
  const valuePerMonth = valuePerDecision * (problem.value?.decisionsPerMonth ?? 0)
  return { policy, description, valuePerDecision, valuePerMonth }
}

async function binaryPolicies(options: MeasureOptions, value: BinaryValue): Promise<PolicyValue[]> {
  const { problem, frame } = options
  const { rows, classes } = frame.parts.validation
  const positive = (classes[frame.positiveClass ?? ''] ?? 0) / Math.max(rows, 1)
  const negative = 1 - positive
  const policies = [
    policyValue(
      problem,
      'never',
      'always answer no',
      positive * value.falseNegative + negative * value.trueNegative,
    ),
    policyValue(
      problem,
      'always',
      'always answer yes',
      positive * value.truePositive + negative * value.falsePositive,
    ),
  ]
  const train = await readRows(options, 'train')
  const columns = [...train.columns].map(([name, values]) => ({ name, values }))
  const rule = findSimpleRule(columns, train.labels, value)
  if (rule !== undefined) {
    const validation = await readRows(options, 'validation')
    const values = validation.columns.get(rule.column) ?? new Float64Array()
    const description = `yes when ${rule.column} ${rule.above ? '>' : '≤'} ${Number(rule.cut.toPrecision(4))}`
    policies.push(
      policyValue(
        problem,
        'simple-rule',
        description,
        scoreSimpleRule(rule, { values, labels: validation.labels }, value),
      ),
    )
  }
  policies.push(
    policyValue(
      problem,
      'perfect',
      'every answer right',
      positive * value.truePositive + negative * value.trueNegative,
    ),
  )
  return policies
}

function multiclassPolicies(
  options: MeasureOptions,
  matrix: Readonly<Record<string, Readonly<Record<string, number>>>>,
): PolicyValue[] {
  const { problem, frame } = options
  const { rows, classes } = frame.parts.validation
  const share = (label: string) => (classes[label] ?? 0) / Math.max(rows, 1)
  const constant = (decided: string) =>
    frame.classes.reduce((sum, actual) => sum + share(actual) * (matrix[actual]?.[decided] ?? 0), 0)
  const best = frame.classes.reduce(
    (a, b) => (constant(b) > constant(a) ? b : a),
    frame.classes[0] ?? '',
  )
  const perfect = frame.classes.reduce((sum, c) => sum + share(c) * (matrix[c]?.[c] ?? 0), 0)
  return [
    policyValue(problem, 'never', `always answer "${best}"`, constant(best)),
    policyValue(problem, 'perfect', 'every answer right', perfect),
  ]
}

async function regressionPolicies(
  options: MeasureOptions,
  value: { readonly perDecision: number; readonly perUnitOfError: number },
): Promise<PolicyValue[]> {
  const { engine, artifacts, frame, problem } = options
  const read = (part: 'train' | 'validation') =>
    `read_parquet(${quoteLiteral(artifacts.pathOf(frame.parts[part].table.digest))})`
  const target = quoteIdentifier(FRAME_COLUMNS.target)
  const [row] = await engine.query<{ middle: number; error: number }>(
    `WITH m AS (SELECT median(${target}) AS middle FROM ${read('train')})
     SELECT any_value(m.middle) AS middle, avg(abs(${target} - m.middle)) AS error
     FROM ${read('validation')}, m`,
  )
  const middle = row?.middle ?? 0
  return [
    policyValue(
      problem,
      'never',
      `always answer ${middle}`,
      value.perDecision - value.perUnitOfError * (row?.error ?? 0),
    ),
    policyValue(problem, 'perfect', 'every answer right', value.perDecision),
  ]
}

/**
 * What one would earn without a model, and with a perfect one, on the validation rows: never acting,
 * always acting, the best rule of one cut on one column (found on the training rows), perfection.
 * Empty when the problem declares no value.
 */
export async function measurePolicies(options: MeasureOptions): Promise<PolicyValue[]> {
  const { value } = options.problem
  if (value === undefined) return []
  if ('truePositive' in value) return binaryPolicies(options, value)
  if ('matrix' in value) return multiclassPolicies(options, value.matrix)
  return regressionPolicies(options, value)
}
