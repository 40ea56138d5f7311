import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  evaluationSchema,
  feasibilitySchema,
  frameSchema,
  projectSchema,
  runSchema,
  snapshotSchema,
  verdictSchema,
} from '../../core/records/index.ts'
import { renderModelCard } from './model-card.ts'
import type { ModelCardFacts } from './model-card-facts.ts'

const digest = (letter: string) => letter.repeat(64)
const artifact = { digest: digest('a'), bytes: 1_048_576, name: 'file' }
const part = (rows: number) => ({
  table: artifact,
  rows,
  from: '2013-01-01T05:00:00.000Z',
  to: '2013-06-30T23:00:00.000Z',
  classes: { '0': rows - 10, '1': 10 },
})
const signature = {
  schemaVersion: 1,
  problemType: 'binary-classification',
  inputs: [
    { name: 'distance', kind: 'number', view: null, range: [80, 4_983], categories: null },
    { name: 'carrier', kind: 'text', view: null, range: null, categories: ['AA', 'B6'] },
    { name: 'weather__wind', kind: 'number', view: 'weather', range: [0, 42.5], categories: null },
  ],
  classes: ['0', '1'],
  positiveClass: '1',
  tensors: { numeric: 'numeric', categorical: 'categorical', output: 'probabilities' },
}

const facts: ModelCardFacts = {
  project: projectSchema.parse({
    name: 'flight-delays',
    description: 'Delays of flights from New York.',
    problem: {
      statement: 'Will this flight arrive late?',
      scope: 'Not for crew planning.',
      type: 'binary-classification',
      target: 'late',
      stakeholders: [{ name: 'Ops', role: 'user', requirements: ['answer in 50 ms'] }],
      risks: [{ risk: 'Stale weather.', mitigation: 'Time to live.', severity: 'medium' }],
      ethics: {
        affected: 'Passengers.',
        considerations: ['No personal data is used.'],
        sensitiveColumns: ['carrier', 'age'],
      },
      regulation: ['LGPD'],
    },
    sources: {
      flights: { kind: 'parquet', path: 'f.parquet', licence: 'CC0', personalData: ['name'] },
    },
    dataset: { sql: 'SELECT 1', id: 'id' },
    gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.6 }] },
  }),
  run: runSchema.parse({
    id: 'run_1',
    candidate: 'xgb',
    estimator: 'xgboost',
    parameters: { max_depth: 5 },
    seed: 7,
    frame: 'frame_1',
    trainingRows: 1_000,
    dataDigests: { train: digest('d') },
    folds: [{ rows: 500, metrics: { rocAuc: 0.71 } }],
    crossValidation: { rocAuc: 0.71 },
    model: artifact,
    signature,
    parity: { rows: 100, maxAbsoluteDifference: 1.5e-6 },
    code: { esteira: '0.1.0', workerDigest: digest('e'), gitCommit: null },
    packages: { xgboost: '3.2.0' },
    hardware: { cpu: 'cpu', cores: 2, memoryMb: 8_000 },
    durationMs: 1_234,
    peakMemoryMb: 300,
    notes: [],
  }),
  evaluation: evaluationSchema.parse({
    id: 'evaluation_1',
    run: 'run_1',
    candidate: 'xgb',
    part: 'test',
    rows: 2_000,
    threshold: 0.3125,
    metrics: {
      rocAuc: { value: 0.7123456789, low: 0.69, high: 0.73 },
      brier: { value: 0.15, low: null, high: null },
    },
    confusion: [],
    value: {
      currency: 'USD',
      perDecision: { value: -3.25, low: -4, high: -2.5 },
      perMonth: -91_000,
    },
    curves: null,
    slices: [
      { column: 'carrier', value: 'a|b', rows: 500, judged: true, metrics: { rocAuc: 0.6 } },
      { column: 'carrier', value: 'HA', rows: 3, judged: false, metrics: {} },
    ],
    fairness: [
      {
        column: 'origin',
        groups: [
          {
            value: 'JFK',
            rows: 900,
            judged: true,
            selectionRate: 0.2,
            truePositiveRate: 0.5,
            falsePositiveRate: null,
          },
        ],
        demographicParity: 0.01,
        equalOpportunity: 0.02,
        equalizedOdds: 0.03,
      },
    ],
    robustness: [
      { attack: 'noise', metric: 'rocAuc', clean: 0.71, corrupted: 0.7, relativeLoss: 0.0141 },
    ],
    latency: null,
    importance: [],
    predictions: artifact,
  }),
  verdict: verdictSchema.parse({
    id: 'verdict_1',
    outcome: 'yes',
    candidate: 'xgb',
    evaluation: 'evaluation_1',
    champion: null,
    policyDigest: 'p',
    criteria: [
      {
        name: 'good enough',
        kind: 'absolute',
        level: 'must',
        outcome: 'passed',
        bound: '≥ 0.60',
        measured: '0.71',
        reason: { code: 'x', message: 'fine' },
      },
    ],
    reasons: [{ code: 'all-passed', message: 'Every criterion passed.' }],
  }),
  frame: frameSchema.parse({
    id: 'frame_1',
    dataset: 'dataset_1',
    inputs: [],
    kept: [],
    classes: ['0', '1'],
    positiveClass: '1',
    parts: { train: part(1_000), validation: part(500), test: part(2_000) },
    coverage: { weather: 0.5 },
    leakage: [],
    profile: [],
  }),
  feasibility: feasibilitySchema.parse({
    id: 'feasibility_1',
    outcome: 'go',
    reasons: [],
    rows: 3_500,
    classShares: {},
    newestRow: null,
    policies: [],
    roi: null,
  }),
  snapshots: {
    flights: snapshotSchema.parse({
      source: 'flights',
      kind: 'parquet',
      origin: 'data/flights.parquet',
      table: { ...artifact, digest: digest('b') },
      rows: 3_600,
      columns: [],
      expectations: [],
      quarantined: { rows: 4, table: null },
      asOf: null,
      newestKnownAt: null,
    }),
  },
}

const card = renderModelCard(facts)

describe('the model card', () => {
  test('has the front matter that Hugging Face reads', () => {
    const [, head = ''] = card.split('---\n')
    expect(parse(head)).toMatchObject({
      license: 'other',
      library_name: 'onnx',
      pipeline_tag: 'tabular-classification',
      tags: expect.arrayContaining(['binary-classification', 'xgboost']),
      metrics: ['roc_auc', 'brier_score'],
      'model-index': [
        {
          name: 'flight-delays',
          results: [
            {
              task: { type: 'tabular-classification' },
              dataset: { name: 'flight-delays', split: 'test' },
              metrics: [
                { type: 'roc_auc', value: 0.7123456789 },
                { type: 'brier_score', value: 0.15 },
              ],
            },
          ],
        },
      ],
    })
  })

  test('shows metrics with their intervals, and says where there is none', () => {
    expect(card).toContain('| rocAuc | 0.712346 | 0.69 to 0.73 |')
    expect(card).toContain('| brier | 0.15 | not estimated |')
    expect(card).toContain('-3.25 USD a decision (-4 to -2.5)')
  })

  test.each([
    ['slices, with cells that cannot break the table', '| carrier = a\\|b | 500 | 0.6 |'],
    ['groups', '| JFK | 900 | 0.2 | 0.5 | – | yes |'],
    ['robustness', '| noise | rocAuc | 0.71 | 0.7 | 1.41 % |'],
    ['the verdict', 'Verdict: **YES**.'],
    ['quarantined rows and licence', '| flights | data/flights.parquet | 3600 | 4 | CC0 |'],
    ['where inputs come from', '| `weather__wind` | number | feature view weather | 0 to 42.5 |'],
    ['lineage', `| snapshot flights | \`${digest('b')}\` |`],
    ['risks', '**medium**: Stale weather. Mitigation: Time to live.'],
    ['sensitive columns that are inputs', 'carrier (an input of the model), age (not an input)'],
    ['personal data', '**Personal data in the sources.** flights.name'],
    ['thin slices as a limit', 'Slices with too few rows to judge: 1, among them carrier = HA.'],
    ['poor coverage as a limit', 'weather has a value for only 50 % of the test rows'],
  ])('tells of %s', (_what, text) => {
    expect(card).toContain(text)
  })

  test('leaves out what was not measured', () => {
    expect(card).not.toMatch(/\*\*Speed|undefined|NaN|null/)
  })

  test('is the same text for the same facts, since its digest names the version', () => {
    expect(renderModelCard(structuredClone(facts))).toBe(card)
  })

  test('text from records cannot become markup', () => {
    const { problem } = facts.project
    const project = {
      ...facts.project,
      problem: { ...problem, statement: '<script>alert(1)</script>\n# Title' },
    }
    const text = renderModelCard({ ...facts, project })
    expect(text).not.toContain('<script>')
    expect(text).not.toMatch(/^# Title/m)
  })
})
