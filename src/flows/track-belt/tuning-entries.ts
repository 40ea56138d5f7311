import type { TuningResult } from '../../core/records/index.ts'
import { entryKey, parametersOf, singleMetrics, tagsOf } from './entries.ts'
import type { Entries } from './run-entries.ts'

type Trial = TuningResult['trials'][number]

/** A search: the value of each trial as one metric, the trial's number as the step. */
export function tuningEntries(result: TuningResult): Entries {
  const { trials, metric, best } = result
  let afterMs = 0
  const timed = trials.map((trial) => {
    afterMs += trial.durationMs
    return { step: trial.number, value: trial.value, durationMs: trial.durationMs, afterMs }
  })
  const points = timed.flatMap(({ step, value, ...rest }) =>
    value === null ? [] : [{ step, value, afterMs: rest.afterMs }],
  )
  const durations = timed.map(({ step, durationMs, ...rest }) => {
    return { step, value: durationMs, afterMs: rest.afterMs }
  })
  return {
    tags: tagsOf({
      'esteira.kind': 'tuning',
      'esteira.candidate': result.candidate,
      'esteira.tuning': result.id,
      'esteira.because': result.because.length === 0 ? null : result.because.join(', '),
      'esteira.stopped': result.stopped,
      'esteira.trials': trials.length,
      'esteira.trialsFailed': trials.filter(({ state }) => state === 'failed').length,
    }),
    parameters: parametersOf({
      method: result.method,
      metric,
      insteadOf: result.insteadOf,
      round: result.round,
      ...Object.fromEntries(
        Object.entries(best?.parameters ?? {}).map(([name, value]) => [`best.${name}`, value]),
      ),
    }),
    metrics: [
      { key: entryKey(metric), points },
      { key: 'trialDurationMs', points: durations },
      ...singleMetrics({ [`best.${metric}`]: best?.value }),
    ],
  }
}

/** One trial of a search. */
export function trialEntries(result: TuningResult, trial: Trial): Entries {
  return {
    tags: tagsOf({
      'esteira.kind': 'trial',
      'esteira.candidate': result.candidate,
      'esteira.tuning': result.id,
      'esteira.trial.state': trial.state,
    }),
    parameters: parametersOf(trial.parameters),
    metrics: singleMetrics({ [result.metric]: trial.value, trialDurationMs: trial.durationMs }),
  }
}
