import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../randomness/index.ts'
import { jensenShannon, kolmogorovSmirnov, wasserstein } from './distribution-distances.ts'
import { moments } from './moments.ts'
import { binOf, numberShares, quantileEdges } from './number-bins.ts'
import { psi, psiEpsilon, psiNoise } from './population-stability.ts'
import { percentiles, quantiles } from './quantiles.ts'
import { frequentCategories, textShares } from './text-shares.ts'

/*
 * Constants of NumPy 2 and SciPy 1.17.1:
 *   np.quantile([7,1,3,9,4], [0,.1,.25,.5,.95,1]); np.var([7,1,3,9,4], ddof=1)
 *   ks_2samp(a, c).statistic, wasserstein_distance(a, c) for a = [1,2,2,3,10], c = [0,2,4,4]
 *   jensenshannon([.1,.4,.5,0], [.3,.3,.2,.2]); chi2.ppf(.99, 9), chi2.ppf(.99, 1)
 *   psi: p = [.25,.25,.5,0]; q = [.1,.3,.4,.2]; both (x+1e-4)/(1+4e-4); ((q-p)*log(q/p)).sum()
 */
const shareLists = fc
  .integer({ min: 1, max: 12 })
  .chain((bins) =>
    fc.tuple(
      fc.array(fc.nat(50), { minLength: bins, maxLength: bins }),
      fc.array(fc.nat(50), { minLength: bins, maxLength: bins }),
    ),
  )
  .map((lists) =>
    lists.map((counts) => {
      const total = counts.reduce((sum, count) => sum + count, 0)
      return counts.map((count) => (total === 0 ? 1 / counts.length : count / total))
    }),
  )

describe('psi', () => {
  it('gives the value of its formula', () => {
    expect(psi([0.25, 0.25, 0.5, 0], [0.1, 0.3, 0.4, 0.2])).toBeCloseTo(1.6883808892796988, 12)
  })

  it('is never negative, the same both ways, and 0 exactly for equal shares', () => {
    fc.assert(
      fc.property(shareLists, ([p = [], q = []]) => {
        const value = psi(p, q)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeCloseTo(psi(q, p), 10)
        expect(psi(p, p)).toBe(0)
        if (p.some((share, bin) => share !== q[bin])) expect(value).toBeGreaterThan(0)
      }),
    )
  })

  it('refuses other bins', () => {
    expect(() => psi([1], [0.5, 0.5])).toThrow('expected 1 bins')
  })

  it('of two samples of one population stays below its noise 99 times in a hundred', () => {
    const random = seededRandom(11)
    const draw = (rows: number, bins: number) => {
      const counts = new Float64Array(bins)
      for (let i = 0; i < rows; i++) {
        const bin = Math.floor(random() * bins)
        counts[bin] = (counts[bin] ?? 0) + 1 / rows
      }
      return counts
    }
    const trials = 400
    for (const [bins, currentRows] of [
      [2, 200],
      [10, 30],
      [10, 300],
      [100, 200],
    ] as const) {
      const noise = psiNoise({ bins, referenceRows: 3_000, currentRows })
      let above = 0
      for (let trial = 0; trial < trials; trial++) {
        const value = psi(draw(3_000, bins), draw(currentRows, bins), psiEpsilon(currentRows))
        if (value > noise) above++
      }
      expect(above / trials).toBeLessThan(0.035)
    }
  })

  it('has the noise of the chi-square quantile, within a hundredth for ten bins', () => {
    const noise = psiNoise({ bins: 10, referenceRows: 1_000, currentRows: 1_000 })
    expect(noise * 500).toBeCloseTo(21.665994333461924, 1)
    expect(psiNoise({ bins: 1, referenceRows: 5, currentRows: 5 })).toBe(0)
    expect(psiNoise({ bins: 2, referenceRows: 5, currentRows: 0 })).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('number bins', () => {
  it('hold about a tenth each and sum to 1 with the missing', () => {
    const random = seededRandom(2)
    const values = Float32Array.from({ length: 5_000 }, (_, i) =>
      i % 10 === 0 ? Number.NaN : random() ** 3,
    )
    const edges = quantileEdges(values)
    const { shares, missingShare } = numberShares(values, edges)
    expect(edges).toHaveLength(9)
    expect(missingShare).toBeCloseTo(0.1, 12)
    for (const share of shares) expect(share).toBeCloseTo(0.09, 3)
    expect(shares.reduce((sum, share) => sum + share, missingShare)).toBeCloseTo(1, 12)
  })

  it('count as a scan over the edges does', () => {
    const scan = (value: number, edges: readonly number[]) =>
      edges.filter((edge) => Math.fround(value) > edge).length
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.float({ noNaN: true }), { maxLength: 12 }),
        fc.float({ noNaN: true }),
        (list, value) => {
          const edges = [...list].sort((a, b) => a - b)
          expect(binOf(value, edges)).toBe(scan(value, edges))
        },
      ),
    )
  })

  it('have rising edges whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 40 }), (values) => {
        const edges = quantileEdges(values)
        edges.forEach((edge, i) => {
          if (i > 0) expect(edge).toBeGreaterThan(edges[i - 1] ?? 0)
        })
      }),
    )
  })

  it('give a value that fills a bin one of its own, so that a shift to either side shows', () => {
    const values = Float32Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : i))
    const edges = quantileEdges(values)
    const reference = numberShares(values, edges).shares
    const below = numberShares(
      values.map((v) => (v === 0 ? -1 : v)),
      edges,
    ).shares
    expect(Math.max(...reference)).toBeCloseTo(0.8, 12)
    expect(psi(reference, below)).toBeGreaterThan(1)
    const constant = quantileEdges(new Float32Array(50).fill(3))
    const up = psi(numberShares([3, 3], constant).shares, numberShares([4, 4], constant).shares)
    const down = psi(numberShares([3, 3], constant).shares, numberShares([2, 2], constant).shares)
    expect(up).toBeGreaterThan(1)
    expect(down).toBeGreaterThan(1)
  })

  it('see a double and its float32 as one value', () => {
    const frame = Float32Array.from({ length: 30 }, (_, i) => [0.1, 0.7, 0.9][i % 3] ?? 0)
    const sent = Array.from({ length: 30 }, (_, i) => [0.1, 0.7, 0.9][i % 3] ?? 0)
    const edges = quantileEdges(frame)
    expect(numberShares(sent, edges)).toEqual(numberShares(frame, edges))
    expect(quantileEdges(sent)).toEqual(edges)
  })

  it('bear all missing, none at all, and infinite values', () => {
    expect(quantileEdges([null, null])).toEqual([])
    expect(numberShares([null, Number.NaN], [])).toEqual({ shares: [0], missingShare: 1, rows: 2 })
    expect(numberShares([], [1, 2])).toEqual({ shares: [0, 0, 0], missingShare: 0, rows: 0 })
    const infinite = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    expect(numberShares(infinite, [1, 2]).shares).toEqual([0.5, 0, 0.5])
  })
})

describe('text shares', () => {
  it('list the most frequent first, equals by name, missing apart', () => {
    const values = ['b', 'a', 'c', 'a', 'b', null, '', 'd']
    expect(frequentCategories(values, 3)).toEqual(['a', 'b', 'c'])
    expect(textShares(values, ['a', 'b'])).toEqual({
      shares: [0.25, 0.25],
      otherShare: 0.25,
      missingShare: 0.25,
      rows: 8,
    })
    expect(textShares([], ['a'])).toEqual({ shares: [0], otherShare: 0, missingShare: 0, rows: 0 })
  })
})

describe('distances', () => {
  const a = [1, 2, 2, 3, 10]
  const c = [0, 2, 4, 4]

  it('give the values of SciPy', () => {
    expect(kolmogorovSmirnov(a, c)).toBeCloseTo(0.3, 12)
    expect(wasserstein(a, c)).toBeCloseTo(1.9, 12)
    expect(jensenShannon([0.1, 0.4, 0.5, 0], [0.3, 0.3, 0.2, 0.2])).toBeCloseTo(
      0.3636866219510673,
      12,
    )
  })

  it('are 0 for a sample and itself, and shift with a shift', () => {
    const sample = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(sample, fc.integer({ min: 1, max: 20 }), (values, shift) => {
        expect(kolmogorovSmirnov(values, values)).toBe(0)
        expect(wasserstein(values, values)).toBe(0)
        const moved = values.map((value) => value + shift)
        expect(wasserstein(values, moved)).toBeCloseTo(shift, 9)
      }),
    )
  })

  it('are undefined for an empty sample', () => {
    expect(kolmogorovSmirnov([], c)).toBeUndefined()
    expect(wasserstein(a, [Number.NaN])).toBeUndefined()
    expect(jensenShannon([0, 0], [1, 0])).toBeUndefined()
  })
})

describe('quantiles and moments', () => {
  it('give the values of NumPy and leave NaN out', () => {
    const values = [7, 1, 3, Number.NaN, 9, 4]
    const expected = [1, 1.8, 3, 4, 8.6, 9]
    quantiles(values, [0, 0.1, 0.25, 0.5, 0.95, 1])?.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? 0, 12)
    })
    expect(moments(values)?.variance).toBeCloseTo(10.2, 12)
    expect(moments(values)).toMatchObject({ count: 5, mean: 4.8 })
  })

  it('are undefined without values', () => {
    expect(quantiles([], [0.5])).toBeUndefined()
    expect(percentiles([Number.NaN])).toBeNull()
    expect(moments([])).toBeUndefined()
    expect(moments([5])).toEqual({ count: 1, mean: 5, variance: 0 })
  })

  it('keep their digits when the mean is huge', () => {
    expect(moments([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])?.variance).toBe(30)
  })
})
