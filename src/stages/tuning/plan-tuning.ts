import type {
  CriterionResult,
  EstimatorName,
  MetricName,
  Problem,
  Reason,
  TuningPolicy,
  Verdict,
} from '../../core/records/index.ts'
import { defaultRankingMetric } from '../selection/index.ts'
import { isMendable, metricOfCriterion, searchTarget } from './search-target.ts'
import { tuningReason } from './tuning-reasons.ts'

/** Competitors that are there to be beaten; they have nothing to tune. */
const REFERENCES: readonly EstimatorName[] = ['baseline', 'simple-rule']

export interface PlanTuningOptions {
  /** The verdict that may send the belt here; null to tune before the first one. */
  readonly verdict: Verdict | null
  readonly policy: TuningPolicy
  /** Rounds of tuning that are over, 0 before the first. */
  readonly round: number
  readonly problem: Pick<Problem, 'type' | 'value'>
  /** Metric that ranks the candidates. Default: the problem's own. */
  readonly rankingMetric?: MetricName
  /** Candidates by their declared names, the best first; a name may come more than once. */
  readonly ranking: readonly {
    readonly candidate: string
    readonly estimator: EstimatorName
    readonly value?: number
  }[]
}

/** Stage 9: what the next round of tuning does, or why there is none. */
export interface TuningPlan {
  readonly proceed: boolean
  /** Names of the candidates to tune, the best first; empty when there is no next round. */
  readonly candidates: readonly string[]
  /** Metric to search by. */
  readonly metric: MetricName
  /** Names of the failing criteria that the search is for. */
  readonly because: readonly string[]
  readonly reasons: readonly Reason[]
}

function failedMusts(verdict: Verdict | null): readonly CriterionResult[] {
  return (verdict?.criteria ?? []).filter((c) => c.level === 'must' && c.outcome === 'failed')
}

/** The best candidates that have something to tune, each once. */
function tunable({ ranking, policy }: PlanTuningOptions): string[] {
  const names = ranking
    .filter(({ estimator }) => !REFERENCES.includes(estimator))
    .map(({ candidate }) => candidate)
  return [...new Set(names)].slice(0, policy.candidates)
}

/** `tuning.rounds` counts rounds after a NO; with `when: 'always'` one comes before the first verdict. */
function roundsUsedUp({ verdict, policy, round }: PlanTuningOptions): boolean {
  const before = policy.when === 'always' ? 1 : 0
  return verdict !== null && round >= policy.rounds + before
}

/** Why there is no next round; undefined when there is one. */
function reasonToStop(
  options: PlanTuningOptions,
  failed: readonly CriterionResult[],
): Reason | undefined {
  const { verdict, policy } = options
  if (verdict?.outcome === 'yes') {
    return tuningReason('verdict-is-yes', 'the gate said yes, there is nothing to mend')
  }
  if (roundsUsedUp(options)) {
    const message = `all ${policy.rounds} rounds of tuning are used up`
    return tuningReason('rounds-used-up', message, { rounds: policy.rounds })
  }
  if (tunable(options).length === 0) {
    const message =
      'only the baseline and the simple rule were trained, and they have no parameters'
    return tuningReason('nothing-tunable', message)
  }
  if (verdict !== null && !failed.some(isMendable)) {
    const message = 'a search over parameters cannot mend any of the failing criteria'
    return tuningReason('nothing-mendable', message, { criteria: failed.length })
  }
  return undefined
}

function unmendableReasons(failed: readonly CriterionResult[]): Reason[] {
  return failed
    .filter((criterion) => !isMendable(criterion))
    .map((criterion) =>
      tuningReason(
        'not-mendable',
        `"${criterion.name}" is not what a search over parameters looks at: ${criterion.reason.message}`,
        { name: criterion.name, kind: criterion.kind, reason: criterion.reason.code },
      ),
    )
}

function metricReason(metric: MetricName, wanted: MetricName, because: string | undefined): Reason {
  if (because === undefined) {
    const message = `the search looks for the best ${metric}, since candidates are ranked by ${wanted}`
    return tuningReason('metric-follows-ranking', message, { metric, wanted })
  }
  const message = `the search looks for the best ${metric}, since "${because}" asks for ${wanted}`
  return tuningReason('metric-follows-criterion', message, { metric, wanted, criterion: because })
}

/** Decides which candidates are tuned next, by which metric and why, or that tuning is over. */
export function planTuning(options: PlanTuningOptions): TuningPlan {
  const { verdict, problem } = options
  const failed = failedMusts(verdict)
  const mendable = failed.filter(isMendable)
  const [leading] = mendable
  const wanted =
    (leading === undefined ? undefined : metricOfCriterion(leading)) ??
    options.rankingMetric ??
    defaultRankingMetric(problem)
  const metric = searchTarget(wanted, problem.type)
  const unmendable = unmendableReasons(failed)
  const stop = reasonToStop(options, failed)
  if (stop !== undefined) {
    return { proceed: false, candidates: [], metric, because: [], reasons: [stop, ...unmendable] }
  }
  const candidates = tunable(options)
  const start =
    verdict === null
      ? [tuningReason('before-first-verdict', 'the project asks to tune before the first verdict')]
      : []
  return {
    proceed: true,
    candidates,
    metric,
    because: mendable.map(({ name }) => name),
    reasons: [
      ...start,
      metricReason(metric, wanted, leading?.name),
      ...candidates.map((candidate, place) =>
        tuningReason(
          'candidate-tuned',
          `${candidate} is tuned: number ${place + 1} of the ranking`,
          {
            candidate,
            place: place + 1,
          },
        ),
      ),
      ...unmendable,
    ],
  }
}
