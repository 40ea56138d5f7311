import { describe, expect, it } from 'vitest'
import { seededRandom } from '../randomness/index.ts'
import { binaryScorer } from './binary-scorer.ts'
import { bootstrapMetrics, drawCounts } from './bootstrap-metrics.ts'
import { mcnemar } from './mcnemar.ts'
import { pairedBootstrap } from './paired-bootstrap.ts'
import { regressionScorer } from './regression-scorer.ts'

const OPTIONS = { resamples: 400, confidence: 0.95, seed: 7 }

/** Labels drawn with the probabilities that are the scores, so the model is perfectly calibrated. */
function calibrated(rows: number, seed: number, noise = 0) {
  const random = seededRandom(seed)
  const labels = new Uint8Array(rows)
  const scores = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const probability = random()
    labels[row] = random() < probability ? 1 : 0
    scores[row] = Math.min(1, Math.max(0, probability + noise * (random() - 0.5)))
  }
  return { labels, scores, threshold: 0.5 }
}

describe('bootstrapMetrics', () => {
  it('draws as many rows as there are', () => {
    const counts = new Uint16Array(500)
    drawCounts(counts, seededRandom(3))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(500)
    const unseen = counts.filter((count) => count === 0).length / 500
    expect(unseen).toBeGreaterThan(0.3)
    expect(unseen).toBeLessThan(0.44)
  })

  it('gives an interval about each estimate, the same for the same seed', () => {
    const scorer = binaryScorer(calibrated(2_000, 1))
    const estimates = bootstrapMetrics(scorer, OPTIONS)
    expect(bootstrapMetrics(scorer, OPTIONS)).toEqual(estimates)
    for (const name of ['rocAuc', 'accuracy', 'logLoss', 'brier', 'prAuc']) {
      const { value, low, high } = estimates[name] ?? { value: 0, low: 1, high: 0 }
      expect(low).toBeLessThan(value)
      expect(high).toBeGreaterThan(value)
    }
  })

  it('has the width that theory gives for a mean', () => {
    // accuracy is a mean of n Bernoulli draws: the 95 % interval is about 2 · 1.96 · √(a(1−a)/n) wide
    const { accuracy } = bootstrapMetrics(binaryScorer(calibrated(4_000, 2)), OPTIONS)
    const value = accuracy?.value ?? 0
    const width = (accuracy?.high ?? 0) - (accuracy?.low ?? 0)
    const theory = 2 * 1.96 * Math.sqrt((value * (1 - value)) / 4_000)
    expect(width / theory).toBeGreaterThan(0.85)
    expect(width / theory).toBeLessThan(1.15)
  })

  it('covers the truth about as often as it promises', () => {
    let covered = 0
    for (let trial = 0; trial < 100; trial++) {
      const random = seededRandom(1_000 + trial)
      const truths = Float64Array.from({ length: 150 }, () => random())
      const scorer = regressionScorer({ truths, predictions: new Float64Array(150) })
      const { mae } = bootstrapMetrics(scorer, { resamples: 150, confidence: 0.9, seed: trial })
      if ((mae?.low ?? 1) <= 0.5 && (mae?.high ?? 0) >= 0.5) covered++
    }
    expect(covered).toBeGreaterThan(80)
    expect(covered).toBeLessThan(98)
  })

  it('gives no interval when most resamples leave the metric undefined', () => {
    const only = { rows: 10, score: (c?: Uint16Array) => (c === undefined ? { rocAuc: 0.7 } : {}) }
    expect(bootstrapMetrics(only, OPTIONS)).toEqual({
      rocAuc: { value: 0.7, low: null, high: null },
    })
  })

  it('is empty without rows', () => {
    const none = binaryScorer({
      labels: new Uint8Array(0),
      scores: new Float64Array(0),
      threshold: 0.5,
    })
    expect(bootstrapMetrics(none, OPTIONS)).toEqual({})
  })
})

describe('pairedBootstrap', () => {
  const good = calibrated(1_500, 5)
  const worse = { ...good, scores: good.scores.map((s, i) => (i % 3 === 0 ? 0.5 : s)) }
  const compare = (a: typeof good, b: typeof good) =>
    pairedBootstrap({
      ...OPTIONS,
      a: binaryScorer(a),
      b: binaryScorer(b),
      metrics: ['rocAuc', 'logLoss', 'rmse'],
    })

  it('sees the better model in both directions of a metric and skips what is not defined', () => {
    const [auc, loss, ...rest] = compare(good, worse)
    expect(rest).toEqual([])
    expect(auc).toMatchObject({ metric: 'rocAuc', confidence: 0.95, rows: 1_500, pBetter: 1 })
    expect(auc?.low).toBeGreaterThan(0)
    expect(loss?.high).toBeLessThan(0)
    expect(loss?.pBetter).toBe(1)
  })

  it('finds no difference between a model and itself', () => {
    for (const comparison of compare(good, good)) {
      expect(comparison).toMatchObject({ difference: 0, low: 0, high: 0, pBetter: 0.5 })
    }
  })

  it('turns its sign when the models change places', () => {
    const [forth] = compare(good, worse)
    const [back] = compare(worse, good)
    expect(back?.difference).toBeCloseTo(-(forth?.difference ?? 0), 14)
    expect(back?.low).toBeCloseTo(-(forth?.high ?? 0), 14)
  })

  it('is narrower than two separate intervals, since the same rows are drawn', () => {
    const near = { ...good, scores: good.scores.map((s, i) => s * (i % 50 === 0 ? 0.9 : 1)) }
    const [paired] = compare(good, near)
    const alone = bootstrapMetrics(binaryScorer(good), OPTIONS).rocAuc
    const width = (alone?.high ?? 0) - (alone?.low ?? 0)
    expect((paired?.high ?? 1) - (paired?.low ?? 0)).toBeLessThan(width / 3)
  })

  it('refuses models scored on other numbers of rows', () => {
    expect(() => compare(good, calibrated(10, 1))).toThrow('got 10')
  })
})

describe('mcnemar', () => {
  function rows(onlyFirst: number, onlySecond: number, both: number) {
    const first = [
      ...Array(onlyFirst).fill(1),
      ...Array(onlySecond).fill(0),
      ...Array(both).fill(1),
    ]
    const second = [
      ...Array(onlyFirst).fill(0),
      ...Array(onlySecond).fill(1),
      ...Array(both).fill(1),
    ]
    return [Uint8Array.from(first), Uint8Array.from(second)] as const
  }

  it('gives the exact two-sided p-values of SciPy', () => {
    // scipy.stats.binomtest(3, 12).pvalue, (480, 1000), (4800, 10000)
    expect(mcnemar(...rows(3, 9, 50)).pValue).toBeCloseTo(0.14599609375, 12)
    expect(mcnemar(...rows(520, 480, 5)).pValue).toBeCloseTo(0.2174482932041415, 10)
    expect(mcnemar(...rows(4_800, 5_200, 0)).pValue / 6.593515598672343e-5).toBeCloseTo(1, 8)
  })

  it('is 1 when the models never differ, and counts who was right alone', () => {
    expect(mcnemar(...rows(0, 0, 5))).toEqual({ onlyFirst: 0, onlySecond: 0, pValue: 1 })
    expect(mcnemar(...rows(2, 1, 5))).toMatchObject({ onlyFirst: 2, onlySecond: 1, pValue: 1 })
  })
})
