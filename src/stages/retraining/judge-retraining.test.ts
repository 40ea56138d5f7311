import { describe, expect, it } from 'vitest'
import {
  type Drift,
  type MonitorWindow,
  projectSchema,
  retrainingDecisionSchema,
} from '../../core/records/index.ts'
import { type JudgeRetrainingOptions, judgeRetraining } from './judge-retraining.ts'
import { RETRAINING_REASONS } from './retraining-reasons.ts'

const retrainingSchema = projectSchema.shape.retraining
const DAY = 86_400_000
const NOW = Date.parse('2013-09-01T00:00:00Z')

function drift(input: string, level: Drift['level']): Drift {
  return {
    input,
    psi: level === 'alert' ? 0.4 : 0.05,
    missingShare: 0,
    referenceMissingShare: 0,
    level,
  }
}

function window(changes: Partial<MonitorWindow> = {}): MonitorWindow {
  return {
    id: 'window_1',
    endpoint: 'delays',
    version: 2,
    from: '2013-08-25T00:00:00.000Z',
    to: '2013-09-01T00:00:00.000Z',
    predictions: 5_000,
    judged: true,
    drift: [drift('temp', 'none'), drift('hour', 'none')],
    predictionDrift: drift('prediction', 'none'),
    labels: 4_000,
    metrics: { rocAuc: 0.7, logLoss: 0.5 },
    valuePerDecision: 1,
    calibrationGap: 0.01,
    latency: null,
    throughputPerSecond: null,
    flagged: 0,
    errors: 0,
    resources: null,
    byVersion: {},
    ...changes,
  }
}

type Options = Partial<JudgeRetrainingOptions> & { triggers?: unknown[]; cooldown?: string }

function judge({ triggers = [], cooldown = '7d', ...changes }: Options) {
  const decision = retrainingDecisionSchema.parse(
    judgeRetraining({
      policy: retrainingSchema.parse({ triggers, cooldown }),
      endpoint: 'delays',
      version: 2,
      windows: [window()],
      baselineMetrics: { rocAuc: 0.72, logLoss: 0.49 },
      baselineCalibrationGap: 0,
      lastTrainedAtMs: NOW - 60 * DAY,
      lastRetrainingAtMs: null,
      nowMs: NOW,
      ...changes,
    }),
  )
  for (const { code } of [...decision.reasons, ...decision.triggers.map((t) => t.reason)]) {
    expect(RETRAINING_REASONS).toContain(code)
  }
  return decision
}

/** Outcome and the only trigger's code. */
function one(trigger: Record<string, unknown>, changes: Options = {}) {
  const decision = judge({ ...changes, triggers: [trigger] })
  return [decision.outcome, decision.triggers[0]?.reason.code]
}

const performance = { on: 'performance', metric: 'rocAuc', maxLoss: 0.05 }
const lost = window({ metrics: { rocAuc: 0.6, logLoss: 0.7 } })

describe('a performance trigger', () => {
  it('fires when a metric falls behind the test in its own direction', () => {
    expect(one(performance)).toEqual(['keep', 'performance-kept'])
    expect(one(performance, { windows: [lost] })).toEqual(['retrain', 'performance-lost'])
    const loss = { on: 'performance', metric: 'logLoss', maxLoss: 0.1 }
    expect(one(loss)).toEqual(['keep', 'performance-kept'])
    expect(one(loss, { windows: [lost] })).toEqual(['retrain', 'performance-lost'])
    const better = window({ metrics: { rocAuc: 0.99, logLoss: 0.01 } })
    expect(one(loss, { windows: [better] })).toEqual(['keep', 'performance-kept'])
  })

  it('asks for as many windows running as it declares', () => {
    const twice = { ...performance, windows: 2 }
    expect(one(twice, { windows: [lost] })).toEqual(['keep', 'windows-not-enough'])
    expect(one(twice, { windows: [lost, lost] })).toEqual(['retrain', 'performance-lost'])
    expect(one(twice, { windows: [lost, window(), lost] })).toEqual(['keep', 'windows-not-enough'])
    expect(one(twice, { windows: [lost, lost, window()] })).toEqual(['keep', 'performance-kept'])
  })

  it('never fires on a window that is not judged, which breaks the run', () => {
    const silent = window({ ...lost, judged: false, predictions: 3 })
    expect(one(performance, { windows: [silent] })).toEqual(['keep', 'window-not-judged'])
    expect(one({ ...performance, windows: 2 }, { windows: [lost, silent, lost] })).toEqual([
      'keep',
      'windows-not-enough',
    ])
  })

  it('keeps when nothing can be told: no window, few labels, no metric, no baseline', () => {
    expect(one(performance, { windows: [] })).toEqual(['keep', 'no-window'])
    const few = window({ ...lost, labels: 199 })
    expect(one(performance, { windows: [few] })).toEqual(['keep', 'labels-too-few'])
    expect(one(performance, { windows: [few], minLabels: 100 })[0]).toBe('retrain')
    expect(one(performance, { windows: [window({ metrics: {} })] })).toEqual([
      'keep',
      'metric-not-measured',
    ])
    expect(one(performance, { baselineMetrics: {} })).toEqual(['keep', 'baseline-metric-missing'])
  })

  it('looks at the windows of its own version and endpoint only', () => {
    const windows = [
      { ...lost, version: 1 },
      { ...lost, endpoint: 'other' },
    ]
    expect(one(performance, { windows })).toEqual(['keep', 'no-window'])
    expect(judge({ windows }).window).toBe('none')
  })
})

describe('a drift trigger', () => {
  const alerts = (count: number, prediction: Drift['level'] = 'none') =>
    window({
      drift: Array.from({ length: 4 }, (_, i) => drift(`x${i}`, i < count ? 'alert' : 'warn')),
      predictionDrift: drift('prediction', prediction),
    })

  it('fires when enough inputs, or the prediction itself, raise an alert', () => {
    const trigger = { on: 'data-drift', minInputs: 2 }
    expect(one(trigger, { windows: [alerts(1)] })).toEqual(['keep', 'inputs-stable'])
    expect(one(trigger, { windows: [alerts(2)] })).toEqual(['retrain', 'inputs-drifted'])
    expect(one(trigger, { windows: [alerts(0, 'alert')] })).toEqual(['retrain', 'inputs-drifted'])
    const [reason] = judge({ triggers: [trigger], windows: [alerts(3)] }).triggers
    expect(reason?.reason.values).toMatchObject({ drifted: 3, minInputs: 2, inputs: 'x0, x1, x2' })
  })
})

describe('a concept-drift trigger', () => {
  const trigger = { on: 'concept-drift', maxCalibrationGap: 0.05 }

  it('fires when the calibration gap leaves the one of the test, on either side', () => {
    expect(one(trigger)).toEqual(['keep', 'calibration-kept'])
    const gap = (calibrationGap: number | null) => ({ windows: [window({ calibrationGap })] })
    expect(one(trigger, gap(0.06))).toEqual(['retrain', 'calibration-parted'])
    expect(one(trigger, gap(-0.06))).toEqual(['retrain', 'calibration-parted'])
    expect(one(trigger, { ...gap(0.06), baselineCalibrationGap: 0.04 })[0]).toBe('keep')
    expect(one(trigger, { ...gap(0.04), baselineCalibrationGap: null })[0]).toBe('keep')
    expect(one(trigger, gap(null))).toEqual(['keep', 'calibration-not-measured'])
  })
})

describe('a schedule trigger', () => {
  const trigger = { on: 'schedule', every: '30d' }

  it('is due once the newest training lies far enough back', () => {
    expect(one(trigger)).toEqual(['retrain', 'schedule-due'])
    expect(one(trigger, { lastTrainedAtMs: NOW - 29 * DAY })).toEqual(['keep', 'schedule-not-due'])
    expect(one(trigger, { lastTrainedAtMs: NOW - 30 * DAY })).toEqual(['retrain', 'schedule-due'])
    expect(one(trigger, { lastRetrainingAtMs: NOW - 10 * DAY })[1]).toBe('schedule-not-due')
    expect(one(trigger, { lastTrainedAtMs: null })).toEqual(['retrain', 'schedule-due'])
    expect(one(trigger, { windows: [] })[0]).toBe('retrain')
  })
})

describe('the decision', () => {
  it('keeps while it cools down, saying what fired', () => {
    const cooling = judge({
      triggers: [performance],
      windows: [lost],
      lastRetrainingAtMs: NOW - 6 * DAY,
    })
    expect(cooling.outcome).toBe('keep')
    expect(cooling.triggers[0]?.fired).toBe(true)
    expect(cooling.reasons.map((r) => r.code)).toEqual(['cooling-down', 'trigger-fired'])
    const after = { triggers: [performance], windows: [lost], lastRetrainingAtMs: NOW - 7 * DAY }
    expect(judge(after).outcome).toBe('retrain')
  })

  it('keeps while a version is being rolled out, since one trained now could not be', () => {
    const fired = { triggers: [performance], windows: [lost] }
    const waiting = judge({ ...fired, challenger: 3 })
    expect(waiting.outcome).toBe('keep')
    expect(waiting.reasons.map((r) => r.code)).toEqual(['rollout-under-way', 'trigger-fired'])
    expect(waiting.reasons[0]?.values).toEqual({ challenger: 3 })
    expect(judge({ ...fired, challenger: null }).outcome).toBe('retrain')
  })

  it('judges every trigger and tells why it keeps', () => {
    const decision = judge({ triggers: [performance, { on: 'data-drift', name: 'inputs' }] })
    expect(decision.triggers.map((t) => t.name)).toEqual(['performance rocAuc', 'inputs'])
    expect(decision.reasons.map((r) => r.code)).toEqual(['no-trigger-fired'])
    expect(judge({}).reasons.map((r) => r.code)).toEqual(['no-triggers'])
  })

  it('is the same with the same id for the same windows, another at another time', () => {
    expect(judge({})).toEqual(judge({}))
    expect(judge({ nowMs: NOW + 1 }).id).not.toBe(judge({}).id)
  })
})
