import { describe, expect, it } from 'vitest'
import { seededRandom } from '../randomness/index.ts'
import { type Moments, moments } from './moments.ts'
import { sequentialDifference, shareMoments } from './sequential-difference.ts'

type Draw = (random: () => number) => number

const binary =
  (share: number): Draw =>
  (random) =>
    random() < share ? 1 : 0
/** Money of a decision: three outcomes, far from normal. */
const money =
  (gain: number): Draw =>
  (random) => {
    const u = random()
    return (u < 0.1 ? 100 : u < 0.4 ? -20 : 0) + gain
  }

interface Arms {
  readonly control: Draw
  readonly treatment: Draw
  readonly truth: number
  readonly isShare?: boolean
}

interface Course {
  readonly trials: number
  readonly rows: number
  readonly first: number
  readonly alpha: number
  readonly planned: number
}

/** Running sums of one arm; the naive oracle for `moments`, one row at a time. */
function runningArm() {
  let count = 0
  let sum = 0
  let squares = 0
  return {
    add(x: number) {
      count++
      sum += x
      squares += x * x
    },
    moments(isShare: boolean): Moments {
      if (isShare) return shareMoments(sum, count)
      const mean = sum / count
      return { count, mean, variance: (squares - count * mean * mean) / (count - 1) }
    },
  }
}

/** One trial: a look after every pair of rows. */
function oneTrial(arms: Arms, course: Course, random: () => number) {
  const { isShare = false } = arms
  const [control, treatment] = [runningArm(), runningArm()]
  let stop = 0
  let isMissed = false
  let isNaive = false
  for (let row = 1; row <= course.rows; row++) {
    control.add(arms.control(random))
    treatment.add(arms.treatment(random))
    if (row < course.first) continue
    const [c, t] = [control.moments(isShare), treatment.moments(isShare)]
    const parts = { treatment: t, control: c, alpha: course.alpha, plannedRows: course.planned }
    const { estimate, low, high } = sequentialDifference(parts) ?? NOTHING
    if (stop === 0 && low * high > 0) stop = row
    isMissed ||= low > arms.truth || high < arms.truth
    isNaive ||= Math.abs(estimate) > 1.96 * Math.sqrt(c.variance / c.count + t.variance / t.count)
  }
  return { stop, isMissed, isNaive }
}

const NOTHING = { estimate: 0, low: -1, high: 1 }

/** Shares of trials that called a difference, missed the truth, and would have misled a z-test. */
function peek(arms: Arms, course: Course, seed: number) {
  const random = seededRandom(seed)
  const trials = Array.from({ length: course.trials }, () => oneTrial(arms, course, random))
  const called = trials.filter(({ stop }) => stop > 0)
  return {
    called: called.length / course.trials,
    missed: trials.filter(({ isMissed }) => isMissed).length / course.trials,
    naive: trials.filter(({ isNaive }) => isNaive).length / course.trials,
    meanStop: called.reduce((sum, { stop }) => sum + stop, 0) / called.length,
  }
}

const course: Course = { trials: 600, rows: 1_500, first: 50, alpha: 0.05, planned: 200 }

describe('the difference of two means under continuous looking', () => {
  it('calls no difference where there is none, at most α of the time, where a z-test does often', () => {
    for (const [seed, draw] of [binary(0.3), binary(0.05), money(0)].entries()) {
      const same = { control: draw, treatment: draw, truth: 0, isShare: seed < 2 }
      const found = peek(same, course, seed + 1)
      expect(found.called).toBeLessThan(0.05)
      expect(found.naive).toBeGreaterThan(0.25)
    }
  })

  it('holds the true difference at all looks together with at least 1 − α', () => {
    const shares = { control: binary(0.2), treatment: binary(0.26), truth: 0.06, isShare: true }
    expect(peek(shares, course, 4).missed).toBeLessThan(0.05)
    const values = { control: money(0), treatment: money(8), truth: 8 }
    expect(peek(values, course, 5).missed).toBeLessThan(0.05)
  })

  it('finds a difference that is there, the larger the sooner', () => {
    const shares = { control: binary(0.2), isShare: true }
    const large = peek({ ...shares, treatment: binary(0.4), truth: 0.2 }, course, 6)
    const small = peek({ ...shares, treatment: binary(0.3), truth: 0.1 }, course, 7)
    expect(large.called).toBe(1)
    expect(small.called).toBeGreaterThan(0.9)
    expect(large.meanStop).toBeLessThan(small.meanStop)
    expect(large.meanStop).toBeLessThan(250)
  })
})

describe('one look', () => {
  const treatment: Moments = { count: 400, mean: 1.3, variance: 2.5 }
  const control: Moments = { count: 380, mean: 1, variance: 2 }
  const options = { treatment, control, alpha: 0.05, plannedRows: 200 }

  it('has the p-value of the mixture integral', () => {
    const V = 2.5 / 400 + 2 / 380
    const level = 2 * Math.log(20)
    const tau2 = ((level + Math.log(level) + 1) * 4.5) / 200
    // Λ = ∫ N(D; δ, V) / N(D; 0, V) · N(δ; 0, τ²) dδ, by the trapezoid rule.
    const D = 0.3
    let ratio = 0
    const step = 1e-4
    for (let delta = -8; delta <= 8; delta += step) {
      const likelihood = Math.exp((D * delta - delta ** 2 / 2) / V)
      const prior = Math.exp(-(delta ** 2) / (2 * tau2)) / Math.sqrt(2 * Math.PI * tau2)
      ratio += likelihood * prior * step
    }
    expect(sequentialDifference(options)?.pValue).toBeCloseTo(1 / ratio, 8)
  })

  it('has an interval whose ends are just rejected, and is symmetric in the arms', () => {
    const found = sequentialDifference(options)
    const shifted = { ...control, mean: control.mean + (found?.low ?? 0) }
    expect(sequentialDifference({ ...options, control: shifted })?.pValue).toBeCloseTo(0.05, 10)
    const mirrored = sequentialDifference({ ...options, treatment: control, control: treatment })
    expect(mirrored?.low).toBeCloseTo(-(found?.high ?? 0), 12)
  })

  it('knows nothing from a single row or from rows that never vary', () => {
    const one = { count: 1, mean: 1, variance: 0 }
    expect(sequentialDifference({ ...options, treatment: one })).toBeUndefined()
    const flat = { count: 50, mean: 1, variance: 0 }
    const flats = { ...options, treatment: flat, control: { ...flat, mean: 2 } }
    expect(sequentialDifference(flats)).toBeUndefined()
  })

  it('takes a share’s variance as never nought', () => {
    expect(shareMoments(0, 40)).toEqual({ count: 40, mean: 0, variance: (1 / 42) * (41 / 42) })
    expect(shareMoments(30, 100).variance).toBeCloseTo(
      moments([...Array(30).fill(1), ...Array(70).fill(0)])?.variance ?? 0,
      2,
    )
  })
})
