import { describe, expect, test } from 'vitest'
import { type Candidate, PROBLEM_TYPES, selectionSchema } from '../../core/records/index.ts'
import { defaultRankingMetric, searchMetric } from './ranking-metric.ts'
import { selectCandidates } from './select-candidates.ts'

const facts = { rows: 20_000, inputs: 10, numericInputs: 8, textInputs: 2, distinctTexts: 30 }
const binary = {
  type: 'binary-classification',
  constraints: { interpretability: 'none' },
} as const
const candidate = (over: Partial<Candidate>): Candidate => ({
  name: 'forest',
  estimator: 'random-forest',
  parameters: {},
  ...over,
})
const estimators = (candidates: readonly Candidate[]) => candidates.map((c) => c.estimator)

describe('a proposal', () => {
  test.each(PROBLEM_TYPES)(
    'names references, reasons and only fitting estimators for %s',
    (type) => {
      const { selection, candidates } = selectCandidates({
        problem: { type, constraints: { interpretability: 'none' } },
        candidates: [],
        facts,
      })
      expect(selectionSchema.parse(selection)).toEqual(selection)
      expect(selection.proposed).toBe(true)
      expect(selection.candidates.every((c) => c.reasons.length > 0)).toBe(true)
      const first = estimators(candidates).slice(0, 2)
      expect(first).toEqual(type === 'clustering' ? ['k-means'] : ['baseline', 'simple-rule'])
      expect(candidates.length).toBeGreaterThan(type === 'clustering' ? 0 : 4)
      // What is proposed passes the same check as what is declared.
      expect(() =>
        selectCandidates({
          problem: { type, constraints: { interpretability: 'none' } },
          candidates,
          facts,
        }),
      ).not.toThrow()
    },
  )

  test('is linear only when people must be able to read the model', () => {
    const problem = { ...binary, constraints: { interpretability: 'required' } } as const
    const { selection, candidates } = selectCandidates({ problem, candidates: [], facts })
    expect(estimators(candidates)).toEqual(['baseline', 'simple-rule', 'logistic-regression'])
    expect(selection.excluded.map((e) => [e.estimator, e.reasons[0]?.code])).toEqual([
      ['svm', 'not-interpretable'],
      ['random-forest', 'not-interpretable'],
      ['xgboost', 'not-interpretable'],
      ['voting', 'not-interpretable'],
    ])
  })

  test('keeps kernels to few rows and boosting to many', () => {
    const propose = (rows: number) =>
      selectCandidates({ problem: binary, candidates: [], facts: { ...facts, rows } })
    const kernel = (rows: number) =>
      propose(rows).candidates.find((c) => c.estimator === 'svm')?.parameters
    expect(kernel(10_000)).toEqual({ kernel: 'rbf' })
    expect(kernel(10_001)).toEqual({ kernel: 'linear' })
    expect(propose(20_000).selection.excluded).toEqual([])
    expect(propose(300).selection.excluded).toMatchObject([
      { estimator: 'xgboost', reasons: [{ code: 'too-few-rows-for-boosting' }] },
    ])
  })

  test('caps the trees by the latency that is allowed', () => {
    const trees = (latencyP99Ms: number) =>
      selectCandidates({
        problem: { ...binary, constraints: { interpretability: 'none', latencyP99Ms } },
        candidates: [],
        facts,
      }).candidates.find((c) => c.estimator === 'xgboost')?.parameters.n_estimators
    expect([trees(0.5), trees(3), trees(1_000)]).toEqual([20, 60, 200])
  })
})

describe('declared candidates', () => {
  test('compete as they are, with the references added once', () => {
    const own = candidate({ why: 'It won last year.' })
    const named = candidate({ name: 'baseline' })
    const { selection, candidates } = selectCandidates({
      problem: binary,
      candidates: [own, named, candidate({ name: 'rule', estimator: 'simple-rule' })],
      facts,
    })
    expect(candidates.map((c) => c.name)).toEqual(['baseline-2', 'forest', 'baseline', 'rule'])
    expect(selection.proposed).toBe(false)
    expect(selection.candidates[1]?.reasons[0]?.message).toBe('It won last year.')
  })

  test.each([
    [
      'an estimator for another problem',
      [candidate({ estimator: 'k-means' })],
      'CANDIDATE_ESTIMATOR_UNFIT',
    ],
    ['two of one name', [candidate({}), candidate({})], 'CANDIDATE_NAME_TAKEN'],
    ['custom code without a file', [candidate({ estimator: 'custom' })], 'CANDIDATE_FILE_MISSING'],
    ['a vote without members', [candidate({ estimator: 'voting' })], 'CANDIDATE_MEMBERS_INVALID'],
    ['members without a vote', [candidate({ members: ['x'] })], 'CANDIDATE_MEMBERS_INVALID'],
    [
      'a vote of votes',
      [
        candidate({}),
        candidate({ name: 'a', estimator: 'voting', members: ['forest', 'b'] }),
        candidate({ name: 'b', estimator: 'voting', members: ['forest', 'a'] }),
      ],
      'CANDIDATE_MEMBERS_INVALID',
    ],
  ] as const)('are refused: %s', (_what, candidates, code) => {
    expect(() => selectCandidates({ problem: binary, candidates, facts })).toThrow(
      expect.objectContaining({ code }),
    )
  })

  test('are refused when a vote names nobody, with the nearest name', () => {
    const candidates = [
      candidate({}),
      candidate({ name: 'vote', estimator: 'voting', members: ['forest', 'forst'] }),
    ]
    expect(() => selectCandidates({ problem: binary, candidates, facts })).toThrow(
      expect.objectContaining({
        code: 'CANDIDATE_MEMBER_UNKNOWN',
        hint: 'Did you mean "forest"? Candidates: forest.',
      }),
    )
  })
})

test('candidates are ranked by money where there is a value, and searched by what a worker can measure', () => {
  const value = {
    currency: 'USD',
    decisionsPerMonth: 10,
    costs: { build: 0, runPerMonth: 0 },
    horizonMonths: 12,
    perDecision: 1,
    perUnitOfError: 2,
  }
  expect(defaultRankingMetric({ type: 'regression', value })).toBe('valuePerDecision')
  expect(PROBLEM_TYPES.map((type) => defaultRankingMetric({ type }))).toEqual([
    'logLoss',
    'logLoss',
    'rmse',
    'silhouette',
  ])
  expect(searchMetric('valuePerDecision', 'regression')).toBe('mae')
  expect(searchMetric('valuePerDecision', 'binary-classification')).toBe('logLoss')
  expect(searchMetric('rocAuc', 'binary-classification')).toBe('rocAuc')
})
