import type { AbMetric, AbTrial } from '../../core/records/index.ts'
import { type Moments, moments, shareMoments } from '../../core/statistics/index.ts'
import type { ExposedPrediction } from '../../platform/prediction-log/index.ts'
import type { AbEvidence } from '../../stages/deployment/index.ts'
import { type DecisionReading, isShare, observeDecision } from './observe-decision.ts'

const NOTHING: Moments = { count: 0, mean: 0, variance: 0 }

/**
 * An A/B run so far: of each key the first decision, which is its exposure. Later decisions of a key
 * are not counted: rows of one key are alike, and taking them for new ones would claim too much.
 * @param readings by version
 */
export function abEvidence(
  exposed: readonly ExposedPrediction[],
  trial: AbTrial,
  readings: ReadonlyMap<number, DecisionReading>,
): AbEvidence {
  const arms = { control: observer(), treatment: observer() }
  const value = [...readings.values()][0]?.value
  for (const { exposure, prediction } of exposed) {
    const reading = readings.get(exposure.version)
    if (reading !== undefined) arms[exposure.arm].see(prediction, reading)
  }
  const of = (arm: 'control' | 'treatment', metric: AbMetric) => arms[arm].moments(metric)
  const { metric } = trial.strategy
  const money = {
    control: of('control', 'valuePerDecision'),
    treatment: of('treatment', 'valuePerDecision'),
  }
  return {
    exposed: { control: arms.control.exposed(), treatment: arms.treatment.exposed() },
    control: of('control', metric),
    treatment: of('treatment', metric),
    money:
      value === undefined || money.control.count === 0 || money.treatment.count === 0
        ? null
        : { ...money, currency: value.currency, decisionsPerMonth: value.decisionsPerMonth },
  }
}

/** What one arm's keys showed. */
function observer() {
  const seen: { prediction: ExposedPrediction['prediction']; reading: DecisionReading }[] = []
  return {
    see(prediction: ExposedPrediction['prediction'], reading: DecisionReading): void {
      seen.push({ prediction, reading })
    },
    exposed: () => seen.length,
    moments(metric: AbMetric): Moments {
      const values = seen
        .map(({ prediction, reading }) => observeDecision(metric, prediction, reading))
        .filter((value) => value !== undefined)
      if (!isShare(metric)) return moments(values) ?? NOTHING
      return shareMoments(
        values.reduce((sum, value) => sum + value, 0),
        values.length,
      )
    },
  }
}
