import type { Evaluation, FailedRun, Run, Verdict } from '../../core/records/index.ts'
import type { Parameter } from '../../platform/tracking/index.ts'
import { parametersOf, reasonsText, singleMetrics, tagsOf } from './entries.ts'
import type { MetricSeries } from './settle-run.ts'

export interface Entries {
  readonly tags: Readonly<Record<string, string>>
  readonly parameters?: readonly Parameter[]
  readonly metrics?: readonly MetricSeries[]
}

/** What a fit says: its recipe as parameters, cross-validation and costs as metrics. */
export function fitEntries(run: Run): Entries {
  const { parameters, signature, frame } = run
  const texts = signature.inputs.filter(({ kind }) => kind === 'text').length
  return {
    tags: tagsOf({
      'esteira.kind': 'candidate',
      'esteira.candidate': run.candidate,
      'esteira.estimator': run.estimator,
      'esteira.run': run.id,
      'esteira.frame': frame,
      'esteira.model': run.model.digest,
      'esteira.notes': run.notes.length === 0 ? null : run.notes.join('\n'),
      'mlflow.source.git.commit': run.code.gitCommit,
    }),
    parameters: parametersOf({
      // A hyperparameter of one of these names gives way to the platform's own.
      ...parameters,
      estimator: run.estimator,
      seed: run.seed,
      inputs: signature.inputs.length,
      textInputs: texts,
      trainingRows: run.trainingRows,
    }),
    metrics: [
      ...singleMetrics(prefixed('crossValidation', run.crossValidation)),
      ...foldSeries(run),
      ...singleMetrics({
        trainingDurationMs: run.durationMs,
        peakMemoryMb: run.peakMemoryMb,
        modelBytes: run.model.bytes,
        onnxParityMaxDifference: run.parity.maxAbsoluteDifference,
      }),
    ],
  }
}

/** Metrics of the folds, the fold's number as the step. */
function foldSeries({ folds }: Run): MetricSeries[] {
  const names = new Set(folds.flatMap(({ metrics }) => Object.keys(metrics)))
  return [...names].flatMap((name) => {
    const points = folds.flatMap(({ metrics }, step) => {
      const value = metrics[name]
      return value === undefined ? [] : [{ step, value, afterMs: 0 }]
    })
    return singleMetrics({ [`fold.${name}`]: 0 }).map(({ key }) => ({ key, points }))
  })
}

/** What an evaluation measured: `validation.…` and `test.…`, latency, money. */
export function evaluationEntries(evaluation: Evaluation): Entries {
  const { part, metrics, latency, value, threshold } = evaluation
  const values: Record<string, number | null> = { [`${part}.threshold`]: threshold }
  for (const [name, estimate] of Object.entries(metrics)) {
    values[`${part}.${name}`] = estimate.value
    values[`${part}.${name}.low`] = estimate.low
    values[`${part}.${name}.high`] = estimate.high
  }
  if (value !== null) {
    values[`${part}.valuePerDecision`] = value.perDecision.value
    values[`${part}.valuePerMonth`] = value.perMonth
  }
  const { p50Ms, p95Ms, p99Ms, requestsPerSecond, memoryMb } = latency ?? {}
  Object.assign(values, prefixed('latency', { p50Ms, p95Ms, p99Ms, requestsPerSecond, memoryMb }))
  return {
    tags: tagsOf({ [`esteira.evaluation.${part}`]: evaluation.id }),
    metrics: singleMetrics(values),
  }
}

/** What the gate said, with its reasons. */
export function verdictEntries(verdict: Verdict): Entries {
  const failed = verdict.criteria.filter(({ outcome }) => outcome === 'failed')
  return {
    tags: tagsOf({
      'esteira.verdict': verdict.outcome,
      'esteira.verdict.id': verdict.id,
      'esteira.verdict.reasons': reasonsText(verdict.reasons),
      'esteira.verdict.failed': failed.length === 0 ? null : failed.map((c) => c.name).join(', '),
    }),
  }
}

/** Why a candidate could not be trained. */
export function failureEntries(id: string, failure: FailedRun): Entries {
  return {
    tags: tagsOf({
      'esteira.kind': 'candidate',
      'esteira.candidate': failure.candidate,
      'esteira.failedRun': id,
      'esteira.failure.code': failure.code,
      'esteira.failure': failure.message,
      'esteira.failure.hint': failure.hint,
    }),
  }
}

function prefixed<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]),
  )
}
