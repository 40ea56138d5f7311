import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/randomness/index.ts'
import {
  type MonitorWindow,
  monitorWindowSchema,
  projectSchema,
  type Reference,
} from '../../core/records/index.ts'
import {
  frequentCategories,
  numberShares,
  quantileEdges,
  textShares,
} from '../../core/statistics/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'
import { placeOfClass } from './answers.ts'
import { type WatchWindowOptions, watchWindow } from './watch-window.ts'

const monitoringSchema = projectSchema.shape.monitoring
const MONEY = {
  currency: 'USD',
  decisionsPerMonth: 100,
  costs: { build: 0, runPerMonth: 0 },
  horizonMonths: 12,
}
const BINARY_MONEY = {
  ...MONEY,
  truePositive: 10,
  falsePositive: -2,
  falseNegative: -5,
  trueNegative: 0,
}
const CARRIERS = ['AA', 'UA', 'DL', 'B6']

interface Shape {
  readonly rows: number
  readonly seed?: number
  readonly shift?: number
  readonly version?: number
}

/** Predictions that are right as often as they say; inputs of one distribution, shifted at will. */
function traffic({ rows, seed = 1, shift = 0, version = 2 }: Shape): LabelledPrediction[] {
  const random = seededRandom(seed)
  return Array.from({ length: rows }, (_, i) => {
    const temp = random() * 20 + shift
    const probability = Math.fround(random())
    return {
      id: `f${seed}-${i}`,
      endpoint: 'delays',
      version,
      role: 'stable',
      timeMs: i,
      inputs: {
        temp: i % 10 === 0 ? null : temp,
        carrier: CARRIERS[Math.floor(random() * 4)] ?? null,
      },
      output: [1 - probability, probability],
      decision: probability >= 0.4,
      latencyUs: 1_000 + i,
      flags: i % 100 === 0 ? ['out-of-range'] : [],
      label: random() < probability ? '1' : '0',
    }
  })
}

function referenceOf(entries: readonly LabelledPrediction[]): Reference {
  const temps = entries.map((e) => (typeof e.inputs.temp === 'number' ? e.inputs.temp : null))
  const carriers = entries.map((e) => String(e.inputs.carrier ?? ''))
  const scores = entries.map((e) => e.output[1] ?? 0)
  const edges = quantileEdges(temps)
  const { shares, missingShare } = numberShares(temps, edges)
  const categories = frequentCategories(carriers)
  const texts = textShares(carriers, categories)
  const scoreEdges = quantileEdges(scores)
  return {
    rows: entries.length,
    inputs: [
      { kind: 'number', name: 'temp', edges, shares, missingShare },
      {
        kind: 'text',
        name: 'carrier',
        categories,
        shares: texts.shares,
        otherShare: texts.otherShare,
        missingShare: texts.missingShare,
      },
    ],
    prediction: { edges: scoreEdges, shares: numberShares(scores, scoreEdges).shares },
  }
}

const REFERENCE = referenceOf(traffic({ rows: 5_000, seed: 99 }))

function watch(
  entries: readonly LabelledPrediction[],
  changes: Partial<WatchWindowOptions> = {},
): MonitorWindow {
  return monitorWindowSchema.parse(
    watchWindow({
      endpoint: 'delays',
      version: 2,
      from: '2013-08-01T00:00:00.000Z',
      to: '2013-08-08T00:00:00.000Z',
      entries,
      reference: REFERENCE,
      problem: { type: 'binary-classification', positiveClass: 1, value: BINARY_MONEY },
      threshold: 0.4,
      classes: ['0', '1'],
      policy: monitoringSchema.parse({}),
      errors: 0,
      resources: null,
      wallClockMs: null,
      ...changes,
    }),
  )
}

const levels = (window: MonitorWindow) => window.drift.map((drift) => drift.level)

describe('drift of a window', () => {
  it('is none for traffic like the training rows', () => {
    const window = watch(traffic({ rows: 2_000 }))
    expect(levels(window)).toEqual(['none', 'none'])
    expect(window.predictionDrift?.level).toBe('none')
    expect(window.drift[0]?.missingShare).toBeCloseTo(0.1, 12)
  })

  it('is an alert for a shifted input and only for that one', () => {
    expect(levels(watch(traffic({ rows: 2_000, shift: 8 })))).toEqual(['alert', 'none'])
  })

  it('sees inputs that vanish, also when the request leaves them out, and texts never seen', () => {
    const gone = traffic({ rows: 1_000 }).map((e) => ({ ...e, inputs: { carrier: 'ZZ' } }))
    const window = watch(gone)
    expect(levels(window)).toEqual(['alert', 'alert'])
    expect(window.drift[0]).toMatchObject({ input: 'temp', missingShare: 1 })
    expect(window.drift[1]?.missingShare).toBe(0)
  })

  it('sees answers that move', () => {
    const high = traffic({ rows: 1_000 }).map((e) => ({ ...e, output: [0.05, 0.95] }))
    expect(watch(high).predictionDrift?.level).toBe('alert')
  })

  it('does not take the noise of a small window for drift', () => {
    const tiny = watch(traffic({ rows: 30, seed: 5 }), {
      policy: monitoringSchema.parse({ minRows: 10, drift: { warn: 0.01, alert: 0.02 } }),
    })
    expect(tiny.judged).toBe(true)
    expect(Math.max(...tiny.drift.map((drift) => drift.psi))).toBeGreaterThan(0.02)
    expect(levels(tiny)).toEqual(['none', 'none'])
  })

  it('is told but not judged below the least number of rows', () => {
    const window = watch(traffic({ rows: 199, shift: 15 }))
    expect(window.judged).toBe(false)
    expect(window.drift[0]?.psi).toBeGreaterThan(1)
    expect(levels(window)).toEqual(['none', 'none'])
  })

  it('bears an input that was wholly missing in training', () => {
    const reference: Reference = {
      rows: 100,
      inputs: [{ kind: 'number', name: 'temp', edges: [], shares: [0], missingShare: 1 }],
      prediction: null,
    }
    const window = watch(traffic({ rows: 500 }), { reference })
    expect(levels(window)).toEqual(['alert'])
    expect(window.predictionDrift).toBeNull()
  })
})

describe('figures of a window', () => {
  it('are those of the labelled predictions', () => {
    const entries = traffic({ rows: 3_000 })
    const half = entries.map((e, i) => (i % 2 === 0 ? e : { ...e, label: null }))
    const window = watch(half, { wallClockMs: 60_000, errors: 4 })
    expect(window).toMatchObject({ predictions: 3_000, labels: 1_500, errors: 4, flagged: 30 })
    expect(window.throughputPerSecond).toBeCloseTo(50, 12)
    expect(window.metrics.rocAuc).toBeGreaterThan(0.75)
    expect(Math.abs(window.calibrationGap ?? 1)).toBeLessThan(0.03)
    expect(window.valuePerDecision).toBe(window.metrics.valuePerDecision)
    expect(window.latency?.p50Ms).toBeCloseTo(2.4995, 10)
    expect(window.byVersion).toEqual({})
  })

  it('give the value of decisions by the money declared', () => {
    const [yes, no] = traffic({ rows: 2 })
    if (yes === undefined || no === undefined) throw new RangeError('two rows were made')
    const entries = [
      { ...yes, output: [0.1, 0.9], label: '1' },
      { ...no, output: [0.9, 0.1], label: '1' },
    ]
    expect(watch(entries).valuePerDecision).toBe((10 - 5) / 2)
  })

  it('show miscalibration with its sign', () => {
    const all = traffic({ rows: 500 }).map((e) => ({ ...e, output: [0.2, 0.8], label: '0' }))
    expect(watch(all).calibrationGap).toBeCloseTo(0.8, 12)
  })

  it('are empty for an empty window', () => {
    expect(watch([])).toMatchObject({
      predictions: 0,
      judged: false,
      drift: [],
      predictionDrift: null,
      labels: 0,
      metrics: {},
      valuePerDecision: null,
      calibrationGap: null,
      latency: null,
      throughputPerSecond: null,
    })
  })

  it('leave out what one class cannot define', () => {
    const late = traffic({ rows: 300 }).map((e) => ({ ...e, label: '1' }))
    const { metrics } = watch(late)
    expect(metrics.rocAuc).toBeUndefined()
    expect(metrics.logLoss).toBeGreaterThan(0)
  })

  it('count labels that are no class apart, and read a class written otherwise', () => {
    const labels = ['1', '1.0', 'true', 'late', '']
    const entries = traffic({ rows: 5 }).map((e, i) => ({ ...e, label: labels[i] ?? null }))
    expect(watch(entries)).toMatchObject({ labels: 3, unusableLabels: 2 })
    expect(placeOfClass('0', ['false', 'true'])).toBe(0)
    expect(placeOfClass('', ['', '0'])).toBe(0)
    expect(placeOfClass(' ', ['0', '1'])).toBe(-1)
  })

  it('speak of the one version, with both beside each other while a canary runs', () => {
    const stable = traffic({ rows: 600 })
    const canary = traffic({ rows: 60, seed: 3, version: 3 }).map((e) => ({
      ...e,
      decision: (e.output[1] ?? 0) >= 0.7,
    }))
    const window = watch([...stable, ...canary])
    expect(window.predictions).toBe(600)
    expect(Object.keys(window.byVersion)).toEqual(['2', '3'])
    expect(window.byVersion['2']?.metrics).toEqual(window.metrics)
    const alone = watch(canary, { version: 3, threshold: 0.7 })
    expect(window.byVersion['3']).toEqual({ predictions: 60, labels: 60, metrics: alone.metrics })
  })

  it('have an id by what was watched, whatever was measured', () => {
    const entries = traffic({ rows: 50 })
    const slower = entries.map((entry) => ({ ...entry, latencyUs: entry.latencyUs + 1 }))
    expect(watch(slower, { errors: 1 }).id).toBe(watch(entries).id)
    expect(watch(entries, { version: 3 }).id).not.toBe(watch(entries).id)
    expect(watch(entries, { to: '2013-08-09T00:00:00.000Z' }).id).not.toBe(watch(entries).id)
  })

  it('refuse classes that are not those of the problem', () => {
    expect(() => watch([], { classes: ['no', 'yes'] })).toThrow(
      expect.objectContaining({ code: 'MONITORING_POSITIVE_CLASS_UNKNOWN' }),
    )
    expect(watch([], { classes: ['no', 'yes'], positiveClass: 'yes' }).predictions).toBe(0)
  })
})

describe('other problems', () => {
  const entries = traffic({ rows: 400 })

  it('regression: errors and money, no calibration gap', () => {
    const rows = entries.map((e, i) => ({
      ...e,
      output: [i],
      decision: null,
      label: String(i + 2),
    }))
    const window = watch(rows, {
      problem: {
        type: 'regression',
        positiveClass: 1,
        value: { ...MONEY, perDecision: 10, perUnitOfError: 3 },
      },
      threshold: null,
      classes: [],
    })
    expect(window.metrics).toMatchObject({ rmse: 2, mae: 2, valuePerDecision: 4 })
    expect(window.calibrationGap).toBeNull()
  })

  it('several classes: decided by the most likely, a torn answer counted as unusable', () => {
    const rows = entries.map((e, i) => ({
      ...e,
      output: i === 0 ? [1] : [0.2, 0.5, 0.3],
      decision: null,
      label: i % 2 === 0 ? 'b' : 'c',
    }))
    const window = watch(rows, {
      problem: { type: 'multiclass-classification', positiveClass: 1 },
      threshold: null,
      classes: ['a', 'b', 'c'],
      reference: { ...REFERENCE, prediction: { edges: [0.5, 1.5], shares: [0, 1, 0] } },
    })
    expect(window).toMatchObject({ labels: 399, unusableLabels: 1, valuePerDecision: null })
    expect(window.metrics.accuracy).toBeCloseTo(199 / 399, 12)
    expect(window.predictionDrift?.level).toBe('none')
  })

  it('clustering: drift of clusters, no truth', () => {
    const rows = entries.map((e) => ({ ...e, output: [2], decision: null }))
    const window = watch(rows, {
      problem: { type: 'clustering', positiveClass: 1 },
      threshold: null,
      classes: [],
      reference: { ...REFERENCE, prediction: { edges: [0.5, 1.5], shares: [0.4, 0.4, 0.2] } },
    })
    expect(window).toMatchObject({ labels: 0, metrics: {}, calibrationGap: null })
    expect(window.predictionDrift?.level).toBe('alert')
  })
})
