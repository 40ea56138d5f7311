import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Criterion,
  type Evaluation,
  evaluationSchema,
  type MetricName,
  projectSchema,
  verdictSchema,
} from '../../core/records/index.ts'
import type { PairedComparison } from '../evaluation/index.ts'
import { GATE_REASONS } from './gate-reasons.ts'
import { type JudgeGateOptions, judgeGate } from './judge-gate.ts'

const gateSchema = projectSchema.shape.gate

function evaluation(changes: Partial<Evaluation> = {}): Evaluation {
  return evaluationSchema.parse({
    id: 'eval_1',
    run: 'run_1',
    candidate: 'xgboost',
    part: 'test',
    rows: 1_000,
    threshold: 0.4,
    metrics: {
      rocAuc: { value: 0.72, low: 0.7, high: 0.74 },
      logLoss: { value: 0.5, low: 0.48, high: 0.52 },
      f1: { value: 0.4, low: null, high: null },
    },
    confusion: [],
    value: { currency: 'USD', perDecision: { value: 2, low: 1.5, high: 2.5 }, perMonth: 200 },
    curves: null,
    slices: [],
    fairness: [],
    robustness: [],
    latency: {
      p50Ms: 0.2,
      p95Ms: 0.5,
      p99Ms: 1.5,
      requestsPerSecond: 4_000,
      batchRowsPerSecond: 90_000,
      sizeBytes: 2_500_000,
      memoryMb: 8,
    },
    importance: [],
    predictions: { digest: 'a'.repeat(64), bytes: 1, name: 'predictions.parquet' },
    ...changes,
  })
}

const weaker = evaluation({
  id: 'eval_0',
  metrics: {
    rocAuc: { value: 0.5, low: null, high: null },
    logLoss: { value: 0.6, low: null, high: null },
  },
})

type CriterionInput = { kind: Criterion['kind'] } & Record<string, unknown>

function judge(criteria: readonly CriterionInput[], changes: Partial<JudgeGateOptions> = {}) {
  const verdict = judgeGate({
    policy: gateSchema.parse({ criteria }),
    evaluation: evaluation(),
    baselines: { baseline: weaker },
    comparisons: [],
    championVersion: null,
    problemType: 'binary-classification',
    ...changes,
  })
  return verdictSchema.parse(verdict)
}

/** Outcome and reason's code of a single criterion. */
function one(criterion: CriterionInput, changes: Partial<JudgeGateOptions> = {}) {
  const [result] = judge([criterion], changes).criteria
  return [result?.outcome, result?.reason.code]
}

function comparison(low: number, high: number, metric: MetricName = 'rocAuc'): PairedComparison {
  return { metric, difference: (low + high) / 2, low, high, confidence: 0.95, rows: 1_000 }
}

describe('an absolute criterion', () => {
  it('holds the value, or the cautious end of its interval, against the bound', () => {
    const auc = { kind: 'absolute', metric: 'rocAuc' } as const
    expect(one({ ...auc, atLeast: 0.71 })).toEqual(['passed', 'bound-kept'])
    expect(one({ ...auc, atLeast: 0.72 })).toEqual(['passed', 'bound-kept'])
    expect(one({ ...auc, atLeast: 0.73 })).toEqual(['failed', 'bound-broken'])
    expect(one({ ...auc, atLeast: 0.71, useInterval: true })).toEqual(['failed', 'bound-broken'])
    const loss = { kind: 'absolute', metric: 'logLoss' } as const
    expect(one({ ...loss, atMost: 0.51 })).toEqual(['passed', 'bound-kept'])
    expect(one({ ...loss, atMost: 0.51, useInterval: true })).toEqual(['failed', 'bound-broken'])
    expect(one({ ...loss, atLeast: 0.1, atMost: 0.4 })).toEqual(['failed', 'bound-broken'])
  })

  it('fails when the metric, its interval or the bound is missing', () => {
    expect(one({ kind: 'absolute', metric: 'prAuc', atLeast: 0 })).toEqual([
      'failed',
      'metric-missing',
    ])
    expect(one({ kind: 'absolute', metric: 'f1', atLeast: 0, useInterval: true })).toEqual([
      'failed',
      'interval-missing',
    ])
    expect(one({ kind: 'absolute', metric: 'f1' })).toEqual(['failed', 'bound-missing'])
    const broken = {
      ...evaluation(),
      metrics: { f1: { value: Number.NaN, low: null, high: null } },
    }
    expect(one({ kind: 'absolute', metric: 'f1', atLeast: 0 }, { evaluation: broken })).toEqual([
      'failed',
      'metric-missing',
    ])
  })

  it('finds the value of a decision where evaluations keep it', () => {
    const worth = { kind: 'absolute', metric: 'valuePerDecision' } as const
    expect(one({ ...worth, atLeast: 1.9 })).toEqual(['passed', 'bound-kept'])
    expect(one({ ...worth, atLeast: 1.6, useInterval: true })).toEqual(['failed', 'bound-broken'])
  })
})

describe('a baseline criterion', () => {
  it('compares each metric in its own direction', () => {
    const better = (metric: MetricName, margin: number) => one({ kind: 'baseline', metric, margin })
    expect(better('rocAuc', 0.22)).toEqual(['passed', 'baseline-beaten'])
    expect(better('rocAuc', 0.23)).toEqual(['failed', 'baseline-not-beaten'])
    expect(better('logLoss', 0.1)).toEqual(['passed', 'baseline-beaten'])
    expect(better('logLoss', 0.11)).toEqual(['failed', 'baseline-not-beaten'])
  })

  it('is not met by an equal of the baseline', () => {
    const same = { baselines: { baseline: evaluation() } }
    expect(one({ kind: 'baseline', metric: 'rocAuc' }, same)).toEqual([
      'failed',
      'baseline-not-beaten',
    ])
    expect(one({ kind: 'baseline', metric: 'rocAuc', margin: -0.01 }, same)).toEqual([
      'passed',
      'baseline-beaten',
    ])
  })

  it('fails when the rival, or the metric of either side, is missing', () => {
    const rule = { kind: 'baseline', metric: 'rocAuc', against: 'simple-rule' } as const
    expect(one(rule)).toEqual(['failed', 'baseline-missing'])
    expect(one({ kind: 'baseline', metric: 'f1' })).toEqual(['failed', 'metric-missing'])
    expect(one({ kind: 'baseline', metric: 'prAuc' })).toEqual(['failed', 'metric-missing'])
  })
})

describe('a champion criterion', () => {
  const champion = { kind: 'champion', metric: 'rocAuc' } as const
  const against = (low: number, high: number) => ({
    championVersion: 3,
    comparisons: [comparison(low, high)],
  })

  it('does not apply without a champion', () => {
    expect(one(champion)).toEqual(['not-applicable', 'no-champion'])
    expect(judge([champion]).outcome).toBe('yes')
  })

  it('is superior only with the whole interval above the margin', () => {
    const superior = { ...champion, test: 'superior', margin: 0.01 }
    expect(one(superior, against(0.011, 0.03))).toEqual(['passed', 'champion-beaten'])
    expect(one(superior, against(0.009, 0.03))).toEqual(['failed', 'champion-not-beaten'])
    expect(one({ ...superior, margin: 0 }, against(0, 0))).toEqual([
      'failed',
      'champion-not-beaten',
    ])
  })

  it('is not inferior down to the margin, so an equal of the champion passes', () => {
    expect(one(champion, against(0, 0))).toEqual(['passed', 'champion-matched'])
    expect(one(champion, against(-0.001, 0.05))).toEqual(['failed', 'champion-not-matched'])
    expect(one({ ...champion, margin: 0.01 }, against(-0.01, 0.02))).toEqual([
      'passed',
      'champion-matched',
    ])
  })

  it('takes differences as leads: positive is better for log loss, too', () => {
    const loss = { championVersion: 3, comparisons: [comparison(0.001, 0.002, 'logLoss')] }
    expect(one({ ...champion, metric: 'logLoss', test: 'superior' }, loss)).toEqual([
      'passed',
      'champion-beaten',
    ])
  })

  it('fails when the metric was not compared at its confidence', () => {
    expect(one(champion, { championVersion: 3 })).toEqual(['failed', 'comparison-missing'])
    expect(one({ ...champion, confidence: 0.99 }, against(0.1, 0.2))).toEqual([
      'failed',
      'comparison-missing',
    ])
  })
})

describe('criteria of operation', () => {
  it('hold latency and size against their bounds and fail when nothing was timed', () => {
    expect(one({ kind: 'latency', atMostMs: 1.5 })).toEqual(['passed', 'latency-kept'])
    expect(one({ kind: 'latency', atMostMs: 1.4 })).toEqual(['failed', 'latency-exceeded'])
    expect(one({ kind: 'latency', percentile: 'p50', atMostMs: 0.2 })[0]).toBe('passed')
    expect(one({ kind: 'size', atMostMb: 2.5 })).toEqual(['passed', 'size-kept'])
    expect(one({ kind: 'size', atMostMb: 2.4 })).toEqual(['failed', 'size-exceeded'])
    const untimed = { evaluation: evaluation({ latency: null }) }
    expect(one({ kind: 'size', atMostMb: 9 }, untimed)).toEqual(['failed', 'latency-missing'])
    expect(one({ kind: 'latency', atMostMs: 9 }, untimed)).toEqual(['failed', 'latency-missing'])
  })

  it('judge robustness by the worst attack', () => {
    const attack = (name: 'noise' | 'missing', relativeLoss: number) => ({
      attack: name,
      metric: 'rocAuc',
      clean: 0.7,
      corrupted: 0.7 * (1 - relativeLoss),
      relativeLoss,
    })
    const attacked = {
      evaluation: evaluation({ robustness: [attack('noise', 0.02), attack('missing', 0.08)] }),
    }
    const robust = { kind: 'robustness', metric: 'rocAuc' } as const
    expect(one({ ...robust, maxRelativeLoss: 0.08 }, attacked)[0]).toBe('passed')
    const [failed] = judge([{ ...robust, maxRelativeLoss: 0.05 }], attacked).criteria
    expect(failed).toMatchObject({
      outcome: 'failed',
      measured: '8 % under missing',
      reason: { code: 'robustness-exceeded', values: { attack: 'missing' } },
    })
    expect(one({ ...robust, maxRelativeLoss: 1 })).toEqual(['failed', 'robustness-missing'])
  })
})

describe('criteria of groups', () => {
  const group = (value: string, truePositiveRate: number | null, judged = true) => ({
    value,
    rows: judged ? 500 : 5,
    judged,
    selectionRate: 0.2,
    truePositiveRate,
    falsePositiveRate: 0.1,
  })
  const fair = (groups: ReturnType<typeof group>[]) => ({
    evaluation: evaluation({
      fairness: [
        { column: 'carrier', groups, demographicParity: 0, equalOpportunity: 0, equalizedOdds: 0 },
      ],
    }),
  })
  const fairness = { kind: 'fairness', column: 'carrier', atMost: 0.1 } as const

  it('compare the judged groups only', () => {
    const groups = [group('AA', 0.5), group('UA', 0.58), group('HA', 0, false)]
    expect(one(fairness, fair(groups))).toEqual(['passed', 'fairness-kept'])
    expect(one({ ...fairness, atMost: 0.07 }, fair(groups))).toEqual([
      'failed',
      'fairness-exceeded',
    ])
    expect(one({ ...fairness, measure: 'demographic-parity' }, fair(groups))[0]).toBe('passed')
    expect(one({ ...fairness, measure: 'equalized-odds', atMost: 0.07 }, fair(groups))[0]).toBe(
      'failed',
    )
  })

  it('do not apply when fewer than two groups can be judged, and fail when none was measured', () => {
    const lone = [group('AA', 0.5), group('UA', null), group('HA', 0.1, false)]
    expect(one(fairness, fair(lone))).toEqual(['not-applicable', 'groups-too-small'])
    expect(one(fairness)).toEqual(['failed', 'column-not-measured'])
  })

  it('hold the worst judged slice against the bound', () => {
    const slice = (value: string, metrics: Record<string, number>, judged = true) => ({
      column: 'origin',
      value,
      rows: 300,
      judged,
      metrics,
    })
    const sliced = (slices: ReturnType<typeof slice>[]) => ({ evaluation: evaluation({ slices }) })
    const slices = [
      slice('JFK', { rocAuc: 0.7, logLoss: 0.4 }),
      slice('LGA', { rocAuc: 0.6, logLoss: 0.7 }),
    ]
    const small = slice('XXX', { rocAuc: 0.1 }, false)
    const criterion = { kind: 'slice', column: 'origin', metric: 'rocAuc', atLeast: 0.6 } as const
    expect(one(criterion, sliced([...slices, small]))).toEqual(['passed', 'slices-kept'])
    const [failed] = judge([{ ...criterion, atLeast: 0.65 }], sliced(slices)).criteria
    expect(failed).toMatchObject({ outcome: 'failed', measured: '0.6 for origin LGA' })
    const loss = { kind: 'slice', column: 'origin', metric: 'logLoss', atMost: 0.5 } as const
    expect(judge([loss], sliced(slices)).criteria[0]?.measured).toBe('0.7 for origin LGA')
    expect(one(criterion, sliced([small]))).toEqual(['not-applicable', 'groups-too-small'])
    expect(one(criterion)).toEqual(['failed', 'column-not-measured'])
    expect(one(criterion, sliced([...slices, slice('EWR', {})]))).toEqual([
      'failed',
      'slice-metric-missing',
    ])
    expect(one({ kind: 'slice', column: 'origin', metric: 'f1' }, sliced(slices))).toEqual([
      'failed',
      'bound-missing',
    ])
  })
})

describe('the verdict', () => {
  const pass = { kind: 'absolute', metric: 'rocAuc', atLeast: 0.5 } as const
  const fail = { kind: 'absolute', metric: 'rocAuc', atLeast: 0.9 } as const

  it('lists every criterion in order and is NO for one failed demand', () => {
    const verdict = judge([pass, { ...fail, name: 'excellent' }, { kind: 'size', atMostMb: 9 }])
    expect(verdict.outcome).toBe('no')
    expect(verdict.criteria.map((c) => [c.name, c.outcome])).toEqual([
      ['rocAuc', 'passed'],
      ['excellent', 'failed'],
      ['size', 'passed'],
    ])
    expect(verdict.reasons.map((reason) => reason.code)).toEqual([
      'criteria-failed',
      'bound-broken',
    ])
    expect(verdict.reasons[0]?.values).toMatchObject({ criteria: 3, passed: 2, failed: 1 })
  })

  it('is YES when only warnings fail, and shows them', () => {
    const verdict = judge([pass, { ...fail, level: 'warn' }])
    expect(verdict.outcome).toBe('yes')
    expect(verdict.reasons.map((reason) => reason.code)).toEqual([
      'criteria-passed',
      'warning-failed',
    ])
  })

  it('is the same with the same id for the same evidence, another for another', () => {
    expect(judge([pass])).toEqual(judge([pass]))
    expect(judge([pass]).id).not.toBe(judge([fail]).id)
    expect(judge([pass], { championVersion: 3 })).toMatchObject({ champion: '3' })
  })

  it('never becomes NO by a better metric', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), fc.float({ noNaN: true }), (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        const at = (value: number) =>
          judge([pass], {
            evaluation: { ...evaluation(), metrics: { rocAuc: { value, low: null, high: null } } },
          }).outcome
        if (Number.isFinite(low) && Number.isFinite(high) && at(low) === 'yes') {
          expect(at(high)).toBe('yes')
        }
      }),
      { numRuns: 50 },
    )
  })

  it('uses only the codes it declares, each once', () => {
    expect(new Set(GATE_REASONS).size).toBe(GATE_REASONS.length)
    const verdict = judge([pass, fail, { kind: 'champion', metric: 'f1' }])
    for (const { code } of [...verdict.reasons, ...verdict.criteria.map((c) => c.reason)]) {
      expect(GATE_REASONS).toContain(code)
    }
  })
})
