import { describe, expect, it } from 'vitest'
import { type CriterionResult, projectSchema, type Verdict } from '../../core/records/index.ts'
import { type PlanTuningOptions, planTuning } from './plan-tuning.ts'
import { TUNING_REASONS } from './tuning-reasons.ts'

const tuningSchema = projectSchema.shape.tuning

function criterion(changes: Partial<CriterionResult> & { code?: string; metric?: string }) {
  const { code = 'bound-broken', metric = 'rocAuc', ...rest } = changes
  return {
    name: metric,
    kind: 'absolute',
    level: 'must',
    outcome: 'failed',
    bound: '≥ 0.9',
    measured: '0.7',
    reason: { code, message: `${metric} is too low`, values: { metric } },
    ...rest,
  } satisfies CriterionResult
}

function verdict(criteria: CriterionResult[], outcome: Verdict['outcome'] = 'no'): Verdict {
  return {
    id: 'verdict_1',
    outcome,
    candidate: 'xgboost',
    evaluation: 'eval_1',
    champion: null,
    policyDigest: 'a'.repeat(64),
    criteria,
    reasons: [],
  }
}

const RANKING: PlanTuningOptions['ranking'] = [
  { candidate: 'simple-rule', estimator: 'simple-rule' },
  { candidate: 'xgboost', estimator: 'xgboost' },
  { candidate: 'xgboost', estimator: 'xgboost' },
  { candidate: 'forest', estimator: 'random-forest' },
  { candidate: 'baseline', estimator: 'baseline' },
]

function plan(changes: Partial<PlanTuningOptions> & { tuning?: Record<string, unknown> } = {}) {
  const { tuning = {}, ...rest } = changes
  const made = planTuning({
    verdict: verdict([criterion({})]),
    policy: tuningSchema.parse(tuning),
    round: 0,
    problem: { type: 'binary-classification' },
    ranking: RANKING,
    ...rest,
  })
  for (const { code } of made.reasons) expect(TUNING_REASONS).toContain(code)
  return made
}

const codes = (made: ReturnType<typeof planTuning>) => made.reasons.map((reason) => reason.code)

describe('planTuning', () => {
  it('tunes the best candidates that have parameters, each once', () => {
    expect(plan().candidates).toEqual(['xgboost'])
    expect(plan({ tuning: { candidates: 5 } }).candidates).toEqual(['xgboost', 'forest'])
  })

  it('searches by the metric of the first failing demand and names all it is for', () => {
    const made = plan({
      verdict: verdict([
        criterion({ name: 'kept', outcome: 'passed', metric: 'brier' }),
        criterion({ name: 'hint', level: 'warn', metric: 'brier' }),
        criterion({ name: 'loss', metric: 'logLoss' }),
        criterion({ name: 'auc', metric: 'rocAuc', code: 'champion-not-matched' }),
      ]),
    })
    expect(made).toMatchObject({ proceed: true, metric: 'logLoss', because: ['loss', 'auc'] })
  })

  it('searches by what a worker can measure before the threshold is chosen', () => {
    const metricFor = (metric: string, type: PlanTuningOptions['problem']['type']) =>
      plan({ verdict: verdict([criterion({ metric })]), problem: { type } }).metric
    expect(metricFor('valuePerDecision', 'binary-classification')).toBe('logLoss')
    expect(metricFor('f1', 'binary-classification')).toBe('prAuc')
    expect(metricFor('accuracy', 'binary-classification')).toBe('rocAuc')
    expect(metricFor('f1', 'multiclass-classification')).toBe('f1')
    expect(metricFor('valuePerDecision', 'regression')).toBe('mae')
    expect(metricFor('r2', 'regression')).toBe('r2')
  })

  it('stops after a yes, and when the rounds are used up', () => {
    const yes = plan({ verdict: verdict([criterion({ outcome: 'passed' })], 'yes') })
    expect(yes).toMatchObject({ proceed: false, candidates: [], because: [] })
    expect(codes(yes)).toEqual(['verdict-is-yes'])
    expect(codes(plan({ tuning: { rounds: 0 } }))).toEqual(['rounds-used-up'])
    expect(plan({ round: 1, tuning: { rounds: 2 } }).proceed).toBe(true)
    expect(plan({ round: 2, tuning: { rounds: 2 } }).proceed).toBe(false)
    expect(plan({ round: 2, tuning: { rounds: 2, when: 'always' } }).proceed).toBe(true)
  })

  it('stops when nothing can be tuned, or nothing was trained', () => {
    const references = RANKING.filter(
      ({ candidate }) => candidate !== 'xgboost' && candidate !== 'forest',
    )
    expect(codes(plan({ ranking: references }))).toEqual(['nothing-tunable'])
    expect(codes(plan({ ranking: [] }))).toEqual(['nothing-tunable'])
  })

  it('stops when a search can mend none of the failures, and says so of each', () => {
    const size = criterion({ name: 'size', kind: 'size', code: 'size-exceeded' })
    const missing = criterion({ name: 'gone', code: 'metric-missing' })
    const made = plan({ verdict: verdict([size, missing]) })
    expect(made.proceed).toBe(false)
    expect(codes(made)).toEqual(['nothing-mendable', 'not-mendable', 'not-mendable'])
    const mixed = plan({ verdict: verdict([size, criterion({ name: 'auc' })]) })
    expect(mixed).toMatchObject({ proceed: true, because: ['auc'] })
    expect(codes(mixed)).toContain('not-mendable')
  })

  it('tunes before the first verdict by the metric that ranks', () => {
    const made = plan({ verdict: null, tuning: { when: 'always', rounds: 0 } })
    expect(made).toMatchObject({ proceed: true, metric: 'logLoss', because: [] })
    expect(codes(made)).toEqual([
      'before-first-verdict',
      'metric-follows-ranking',
      'candidate-tuned',
    ])
    expect(plan({ verdict: null, rankingMetric: 'prAuc' }).metric).toBe('prAuc')
  })
})
