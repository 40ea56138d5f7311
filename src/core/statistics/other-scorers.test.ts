import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inertia, sampleRows, scoreClustering, silhouette } from './cluster-metrics.ts'
import {
  moneyMatrix,
  mostLikely,
  multiclassConfusion,
  multiclassScorer,
  scoreMulticlass,
} from './multiclass-scorer.ts'
import { regressionScorer, scoreRegression } from './regression-scorer.ts'

/*
 * Constants of scikit-learn 1.9.1:
 *   Y = [0,1,2,2,1,0,1,2]; P as below; D = P.argmax(1); W = [2,1,0,3,1,1,1,1]
 *   accuracy_score, balanced_accuracy_score, precision/recall/f1_score(average='macro') on (Y, D),
 *   roc_auc_score(Y, P, multi_class='ovr', average='macro'), log_loss(Y, P); with sample_weight=W
 *   T = [3,-.5,2,7,4.2]; H = [2.5,0,2,8,4]; V = [1,2,0,3,1]
 *   root_mean_squared_error, mean_absolute_error, r2_score on (T, H), plain and weighted by V
 *   silhouette_score(X, C), and the summed squares about the cluster means
 */
const LABELS = Uint16Array.of(0, 1, 2, 2, 1, 0, 1, 2)
const PROBABILITIES = Float64Array.of(
  ...[0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.2, 0.2, 0.6, 0.5, 0.3, 0.2],
  ...[0.3, 0.4, 0.3, 0.4, 0.4, 0.2, 0.25, 0.25, 0.5, 0.1, 0.1, 0.8],
)
const MULTICLASS = { labels: LABELS, probabilities: PROBABILITIES, classes: 3 }

describe('scoreMulticlass', () => {
  it('gives the numbers of scikit-learn, a tie decided for the first class', () => {
    const metrics = scoreMulticlass(MULTICLASS)
    const expected = {
      accuracy: 0.75,
      balancedAccuracy: 0.7777777777777777,
      precision: 0.7777777777777777,
      recall: 0.7777777777777777,
      f1: 0.7555555555555555,
      rocAuc: 0.8388888888888889,
      logLoss: 0.803722935010903,
    }
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) {
      expect(metrics[name]).toBeCloseTo(value, 12)
    }
  })

  it('gives the numbers of scikit-learn under counts', () => {
    const metrics = multiclassScorer(MULTICLASS).score(Uint16Array.of(2, 1, 0, 3, 1, 1, 1, 1))
    expect(metrics.accuracy).toBeCloseTo(0.6, 12)
    expect(metrics.rocAuc).toBeCloseTo(0.7351190476190476, 12)
    expect(metrics.logLoss).toBeCloseTo(0.9494508625128166, 12)
    expect(metrics.f1).toBeCloseTo(0.6, 12)
  })

  it('counts rows by actual and decided class', () => {
    const decided = mostLikely(PROBABILITIES, 3)
    const confusion = multiclassConfusion({ labels: LABELS, decided, classes: 3 })
    expect([...confusion]).toEqual([2, 0, 0, 0, 2, 1, 1, 0, 2])
  })

  it('values decisions by the matrix, a pair not named earning nothing', () => {
    const money = moneyMatrix({ a: { a: 4, b: -1 }, c: { a: -8 } }, ['a', 'b', 'c'])
    expect([...money]).toEqual([4, -1, 0, 0, 0, 0, -8, 0, 0])
    expect(scoreMulticlass({ ...MULTICLASS, money }).valuePerDecision).toBeCloseTo(0, 12)
  })

  it('leaves out what one class cannot define, and everything without rows', () => {
    const one = scoreMulticlass({
      labels: Uint16Array.of(1, 1),
      probabilities: Float32Array.of(0.5, 0.5, 0, 0, 1, 0),
      classes: 3,
    })
    expect(Object.keys(one).sort()).toEqual(['accuracy', 'f1', 'logLoss', 'precision', 'recall'])
    expect(
      scoreMulticlass({
        labels: new Uint16Array(0),
        probabilities: new Float64Array(0),
        classes: 3,
        money: new Float64Array(9),
      }),
    ).toEqual({})
  })

  it('refuses labels beyond the classes and NaN', () => {
    const probabilities = Float64Array.of(0.5, 0.5)
    expect(() => scoreMulticlass({ labels: Uint16Array.of(2), probabilities, classes: 2 })).toThrow(
      'labels below 2',
    )
    expect(() =>
      scoreMulticlass({
        labels: Uint16Array.of(1),
        probabilities: Float64Array.of(Number.NaN, 1),
        classes: 2,
      }),
    ).toThrow('finite probabilities')
    expect(() =>
      scoreMulticlass({ labels: Uint16Array.of(1, 0), probabilities, classes: 2 }),
    ).toThrow('2 × 2 probabilities')
  })
})

describe('scoreRegression', () => {
  const truths = Float64Array.of(3, -0.5, 2, 7, 4.2)
  const predictions = Float64Array.of(2.5, 0, 2, 8, 4)

  it('gives the numbers of scikit-learn, plain and under counts', () => {
    const scorer = regressionScorer({
      truths,
      predictions,
      money: { perDecision: 10, perUnitOfError: 5 },
    })
    const plain = scorer.score()
    expect(plain.rmse).toBeCloseTo(0.5549774770204643, 12)
    expect(plain.mae).toBeCloseTo(0.44, 12)
    expect(plain.r2).toBeCloseTo(0.9496600418410042, 12)
    expect(plain.valuePerDecision).toBeCloseTo(7.8, 12)
    const weighted = scorer.score(Uint16Array.of(1, 2, 0, 3, 1))
    expect(weighted.rmse).toBeCloseTo(0.7358183005529092, 12)
    expect(weighted.mae).toBeCloseTo(0.6714285714285715, 12)
    expect(weighted.r2).toBeCloseTo(0.9446299620152774, 12)
  })

  it('has no R² when the truths are all equal, and nothing without rows', () => {
    const flat = scoreRegression({
      truths: Float64Array.of(2, 2),
      predictions: Float64Array.of(1, 2),
    })
    expect(Object.keys(flat).sort()).toEqual(['mae', 'rmse'])
    expect(
      scoreRegression({ truths: new Float64Array(0), predictions: new Float64Array(0) }),
    ).toEqual({})
  })

  it('keeps its digits when the truths are huge and close together', () => {
    const base = 1e9
    const shifted = scoreRegression({
      truths: truths.map((t) => t + base),
      predictions: predictions.map((p) => p + base),
    })
    expect(shifted.r2).toBeCloseTo(0.9496600418410042, 5)
  })

  it('refuses NaN by row', () => {
    expect(() =>
      scoreRegression({ truths: Float64Array.of(1), predictions: Float64Array.of(Number.NaN) }),
    ).toThrow('in row 0')
  })
})

describe('scoreClustering', () => {
  const rows = {
    points: Float64Array.of(0, 0, 0, 1, 1, 0, 5, 5, 5, 6, 6, 5, 9, 0),
    width: 2,
    clusters: Uint16Array.of(0, 0, 0, 1, 1, 1, 2),
  }

  it('gives the numbers of scikit-learn, a lone row counting 0', () => {
    expect(silhouette(rows, { seed: 1 })).toBeCloseTo(0.7124387250580051, 12)
    expect(inertia(rows)).toBeCloseTo(2.6666666666666665, 12)
  })

  it('has no silhouette with one cluster or one row a cluster, nothing without rows', () => {
    const one = { ...rows, clusters: new Uint16Array(7) }
    expect(Object.keys(scoreClustering(one, { seed: 1 }))).toEqual(['inertia'])
    const alone = { ...rows, clusters: Uint16Array.of(0, 1, 2, 3, 4, 5, 6) }
    expect(silhouette(alone, { seed: 1 })).toBeUndefined()
    const none = { points: new Float64Array(0), width: 2, clusters: new Uint16Array(0) }
    expect(scoreClustering(none, { seed: 1 })).toEqual({})
  })

  it('samples distinct rows, the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), fc.nat(), (count, size, seed) => {
        const sample = sampleRows(count, size, seed)
        expect(sample.length).toBe(Math.min(count, size))
        expect(new Set(sample).size).toBe(sample.length)
        expect(sample).toEqual(sampleRows(count, size, seed))
      }),
    )
  })
})
