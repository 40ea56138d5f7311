import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestThreshold, NEVER_THRESHOLD } from './best-threshold.ts'
import { binaryScorer, scoreBinary } from './binary-scorer.ts'
import { calibrationCurve, calibrationSums } from './calibration.ts'
import { valueCurve } from './decision-value.ts'
import { averagePrecision, rocAuc } from './rank-metrics.ts'
import { countsByRank, rankScores } from './ranked-scores.ts'
import { precisionRecallCurve, rocCurve } from './receiver-curves.ts'

/*
 * Constants of scikit-learn 1.9.1:
 *   y = [0,0,1,1,0,1,0,1,1,0,0,1]; s = [.1,.4,.35,.8,.4,.4,.05,.9,.65,.7,0.,1.]
 *   w = [1,0,2,1,3,1,0,1,2,1,1,0]; d = s >= .4
 *   accuracy_score, balanced_accuracy_score, precision_score, recall_score, f1_score on (y, d),
 *   roc_auc_score, average_precision_score, log_loss, brier_score_loss on (y, s),
 *   each plain and with sample_weight=w.
 *   ECE: b = minimum(9, floor(s * 10)); sum(abs(s[b==k].mean() - y[b==k].mean()) * (b==k).mean())
 */
const LABELS = Uint8Array.of(0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1)
const SCORES = Float64Array.of(0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.05, 0.9, 0.65, 0.7, 0, 1)
const WEIGHTS = Uint16Array.of(1, 0, 2, 1, 3, 1, 0, 1, 2, 1, 1, 0)
const PLAIN = {
  accuracy: 0.6666666666666666,
  balancedAccuracy: 0.6666666666666667,
  precision: 0.625,
  recall: 0.8333333333333334,
  f1: 0.7142857142857143,
  rocAuc: 0.8333333333333333,
  prAuc: 0.848611111111111,
  logLoss: 0.42563980844505145,
  brier: 0.148125,
  calibrationError: 0.19583333333333333,
}
const WEIGHTED = {
  accuracy: 0.5384615384615384,
  balancedAccuracy: 0.5238095238095238,
  precision: 0.5555555555555556,
  recall: 0.7142857142857143,
  f1: 0.625,
  rocAuc: 0.7023809523809523,
  prAuc: 0.7754689754689754,
  logLoss: 0.5421396208700145,
  brier: 0.19076923076923077,
}
const MONEY = { truePositive: 40, falsePositive: -12, falseNegative: -75, trueNegative: 1 }

const predictions = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((rows) => ({
    labels: Uint8Array.from(rows, ([label]) => (label ? 1 : 0)),
    scores: Float64Array.from(rows, ([, score]) => score / 20),
    counts: Uint16Array.from(rows, ([, , count]) => count),
  }))

function pairwiseAuc(labels: Uint8Array, scores: Float64Array): number | undefined {
  let wins = 0
  let pairs = 0
  labels.forEach((label, i) => {
    labels.forEach((other, j) => {
      if (label !== 1 || other !== 0) return
      pairs++
      const difference = (scores[i] ?? 0) - (scores[j] ?? 0)
      wins += difference > 0 ? 1 : difference === 0 ? 0.5 : 0
    })
  })
  return pairs === 0 ? undefined : wins / pairs
}

function repeated(values: { labels: Uint8Array; scores: Float64Array; counts: Uint16Array }) {
  const rows = [...values.counts].flatMap((count, row) => new Array<number>(count).fill(row))
  return {
    labels: Uint8Array.from(rows, (row) => values.labels[row] ?? 0),
    scores: Float64Array.from(rows, (row) => values.scores[row] ?? 0),
  }
}

function expectClose(got: Record<string, number>, expected: Record<string, number>) {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, value] of Object.entries(expected)) expect(got[name]).toBeCloseTo(value, 12)
}

describe('scoreBinary', () => {
  it('gives the numbers of scikit-learn', () => {
    expectClose(scoreBinary({ labels: LABELS, scores: SCORES, threshold: 0.4 }), PLAIN)
  })

  it('gives the numbers of scikit-learn under counts', () => {
    const scorer = binaryScorer({ labels: LABELS, scores: SCORES, threshold: 0.4 })
    const { calibrationError, ...rest } = scorer.score(WEIGHTS)
    expectClose(rest, WEIGHTED)
    expect(calibrationError).toBeGreaterThan(0)
  })

  it('counts a row as often as its count says', () => {
    fc.assert(
      fc.property(predictions, (values) => {
        const options = { threshold: 0.5, money: MONEY }
        const weighted = binaryScorer({ ...values, ...options }).score(values.counts)
        expectClose(weighted, scoreBinary({ ...repeated(values), ...options }))
      }),
    )
  })

  it('scores all ones like no counts', () => {
    const scorer = binaryScorer({ labels: LABELS, scores: SCORES, threshold: 0.4, money: MONEY })
    expect(scorer.score(new Uint16Array(12).fill(1))).toEqual(scorer.score())
  })

  it('leaves out what one class cannot define', () => {
    const metrics = scoreBinary({
      labels: Uint8Array.of(0, 0),
      scores: Float64Array.of(0.2, 0.9),
      threshold: 0.5,
    })
    expect(Object.keys(metrics).sort()).toEqual(
      ['accuracy', 'precision', 'recall', 'f1', 'logLoss', 'brier', 'calibrationError'].sort(),
    )
    expect(metrics).toMatchObject({ accuracy: 0.5, precision: 0, recall: 0, f1: 0 })
  })

  it('has no metric without rows, nor when every count is 0', () => {
    const none = { labels: new Uint8Array(0), scores: new Float64Array(0) }
    expect(scoreBinary({ ...none, threshold: 0.5, money: MONEY })).toEqual({})
    const scorer = binaryScorer({ labels: LABELS, scores: SCORES, threshold: 0.5, money: MONEY })
    expect(scorer.score(new Uint16Array(12))).toEqual({})
  })

  it('clips a log loss of certainty that was wrong as scikit-learn does', () => {
    // log_loss([1, 0], [[1., 0.], [.5, .5]]) = 18.36840028483855
    const metrics = scoreBinary({
      labels: Uint8Array.of(1, 0),
      scores: Float32Array.of(0, 0.5),
      threshold: 0.5,
    })
    expect(metrics.logLoss).toBeCloseTo(18.36840028483855, 10)
  })

  it('refuses NaN, other labels and unequal lengths by name', () => {
    const cases = [
      [Uint8Array.of(0, 1), Float64Array.of(0.1, Number.NaN), 'NaN in row 1'],
      [Uint8Array.of(0, 1), Float64Array.of(0.1, Number.POSITIVE_INFINITY), 'Infinity in row 1'],
      [Uint8Array.of(0, 2), Float64Array.of(0.1, 0.2), '2 in row 1'],
      [Uint8Array.of(0), Float64Array.of(0.1, 0.2), 'got 2'],
    ] as const
    for (const [labels, scores, words] of cases) {
      expect(() => scoreBinary({ labels, scores, threshold: 0.5 })).toThrow(words)
    }
    expect(() =>
      binaryScorer({ labels: LABELS, scores: SCORES, threshold: 0.5 }).score(new Uint16Array(3)),
    ).toThrow('expected 12 counts')
  })
})

describe('rank metrics', () => {
  it('equal the share of pairs ranked rightly, ties as half', () => {
    fc.assert(
      fc.property(predictions, ({ labels, scores }) => {
        const expected = pairwiseAuc(labels, scores)
        const got = rocAuc(labels, scores)
        if (expected === undefined) expect(got).toBeUndefined()
        else expect(got).toBeCloseTo(expected, 12)
      }),
    )
  })

  it('do not change under a rising map of the scores', () => {
    fc.assert(
      fc.property(predictions, ({ labels, scores }) => {
        const mapped = scores.map((score) => Math.exp(3 * score) - 7)
        expect(rocAuc(labels, mapped)).toBe(rocAuc(labels, scores))
        expect(averagePrecision(labels, mapped)).toBe(averagePrecision(labels, scores))
      }),
    )
  })

  it('give the base rate when all scores are equal', () => {
    const labels = Uint8Array.of(1, 0, 0, 0)
    const scores = new Float64Array(4).fill(0.3)
    expect(rocAuc(labels, scores)).toBe(0.5)
    expect(averagePrecision(labels, scores)).toBe(0.25)
  })
})

describe('curves', () => {
  it('pass through the points of scikit-learn', () => {
    // roc_curve(y, s, drop_intermediate=False), precision_recall_curve(y, s) turned round
    const ranked = rankScores(LABELS, SCORES)
    expect(rocCurve(ranked)).toEqual([
      [0, 0],
      [0, 1 / 6],
      [0, 2 / 6],
      [0, 3 / 6],
      [1 / 6, 3 / 6],
      [1 / 6, 4 / 6],
      [3 / 6, 5 / 6],
      [3 / 6, 1],
      [4 / 6, 1],
      [5 / 6, 1],
      [1, 1],
    ])
    const curve = precisionRecallCurve(ranked)
    expect(curve[0]).toEqual([0, 1])
    expect(curve.at(-1)).toEqual([1, 0.5])
    expect(curve).toContainEqual([5 / 6, 0.625])
  })

  it('are thinned to 200 points and keep their ends', () => {
    const rows = 5_000
    const labels = Uint8Array.from({ length: rows }, (_, i) => ((i * 7919) % 3 === 0 ? 1 : 0))
    const scores = Float64Array.from({ length: rows }, (_, i) => i / rows)
    const ranked = rankScores(labels, scores)
    for (const curve of [rocCurve(ranked), precisionRecallCurve(ranked)]) {
      expect(curve.length).toBeLessThanOrEqual(200)
      expect(curve.length).toBeGreaterThan(150)
    }
    expect(rocCurve(ranked)[0]).toEqual([0, 0])
    expect(rocCurve(ranked).at(-1)).toEqual([1, 1])
    expect(valueCurve(ranked, MONEY).length).toBeLessThanOrEqual(200)
  })

  it('are empty where they are not defined', () => {
    const ranked = rankScores(Uint8Array.of(0, 0), Float64Array.of(0.1, 0.2))
    expect(rocCurve(ranked)).toEqual([])
    expect(precisionRecallCurve(ranked)).toEqual([])
    const none = rankScores(new Uint8Array(0), new Float64Array(0))
    expect(valueCurve(none, MONEY)).toEqual([])
  })

  it('put a probability of 1 into the last calibration bin and skip empty bins', () => {
    const ranked = rankScores(Uint8Array.of(1, 0, 1), Float64Array.of(1, 0.95, 0.05))
    expect(calibrationCurve(calibrationSums(ranked, countsByRank(ranked)))).toEqual([
      { predicted: 0.05, observed: 1, rows: 1 },
      { predicted: 0.975, observed: 0.5, rows: 2 },
    ])
  })

  it('give at each threshold the value of the decisions there', () => {
    fc.assert(
      fc.property(predictions, ({ labels, scores }) => {
        for (const [threshold, value] of valueCurve(rankScores(labels, scores), MONEY)) {
          const metrics = scoreBinary({ labels, scores, threshold, money: MONEY })
          expect(metrics.valuePerDecision).toBeCloseTo(value, 10)
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('bestThreshold', () => {
  const candidates = [...Array.from({ length: 21 }, (_, i) => i / 20), NEVER_THRESHOLD]

  it('finds the largest value and F1 of all thresholds', () => {
    fc.assert(
      fc.property(predictions, ({ labels, scores }) => {
        const ranked = rankScores(labels, scores)
        const at = (threshold: number) =>
          scoreBinary({ labels, scores, threshold, money: MONEY }) as Record<string, number>
        for (const [objective, metric] of [
          [{ by: 'max-f1' }, 'f1'],
          [{ by: 'max-value', money: MONEY }, 'valuePerDecision'],
        ] as const) {
          const best = bestThreshold(ranked, objective)
          const largest = Math.max(...candidates.map((t) => at(t)[metric] ?? 0))
          expect(best?.objective).toBeCloseTo(largest, 10)
          expect(at(best?.threshold ?? 0)[metric]).toBeCloseTo(largest, 10)
        }
      }),
    )
  })

  it('says never when no yes pays, even to a score of 1, and always when every yes does', () => {
    const costly = { truePositive: -1, falsePositive: -1, falseNegative: 0, trueNegative: 0 }
    const gainful = { truePositive: 1, falsePositive: 1, falseNegative: 0, trueNegative: 0 }
    const ranked = rankScores(Uint8Array.of(1, 0), Float64Array.of(1, 0))
    expect(bestThreshold(ranked, { by: 'max-value', money: costly })?.threshold).toBeGreaterThan(1)
    expect(bestThreshold(ranked, { by: 'max-value', money: gainful })?.threshold).toBe(0)
  })

  it('lies between two scores, and is undefined without rows', () => {
    const ranked = rankScores(Uint8Array.of(1, 0), Float64Array.of(0.8, 0.2))
    expect(bestThreshold(ranked, { by: 'max-f1' })).toEqual({ threshold: 0.5, objective: 1 })
    const none = rankScores(new Uint8Array(0), new Float64Array(0))
    expect(bestThreshold(none, { by: 'max-f1' })).toBeUndefined()
  })
})
