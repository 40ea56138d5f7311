import { contentId, digestOfValue } from '../../core/identity/index.ts'
import type {
  Criterion,
  CriterionResult,
  GatePolicy,
  Reason,
  Verdict,
} from '../../core/records/index.ts'
import type { Evidence, Finding } from './finding.ts'
import { gateReason } from './gate-reasons.ts'
import { judgeChampion } from './judge-champion.ts'
import { judgeFairness, judgeSlice } from './judge-groups.ts'
import { judgeAbsolute, judgeBaseline } from './judge-metric.ts'
import { judgeLatency, judgeRobustness, judgeSize } from './judge-operation.ts'

export interface JudgeGateOptions extends Evidence {
  readonly policy: GatePolicy
}

function find(criterion: Criterion, evidence: Evidence): Finding {
  switch (criterion.kind) {
    case 'absolute':
      return judgeAbsolute(criterion, evidence)
    case 'baseline':
      return judgeBaseline(criterion, evidence)
    case 'champion':
      return judgeChampion(criterion, evidence)
    case 'latency':
      return judgeLatency(criterion, evidence)
    case 'size':
      return judgeSize(criterion, evidence)
    case 'fairness':
      return judgeFairness(criterion, evidence)
    case 'slice':
      return judgeSlice(criterion, evidence)
    case 'robustness':
      return judgeRobustness(criterion, evidence)
  }
}

/** What a criterion is called when the project gives it no name. */
function nameOf(criterion: Criterion): string {
  if (criterion.name !== undefined) return criterion.name
  switch (criterion.kind) {
    case 'absolute':
      return criterion.metric
    case 'baseline':
      return `${criterion.metric} against ${criterion.against}`
    case 'champion':
      return `${criterion.metric} against champion`
    case 'latency':
      return `${criterion.percentile} latency`
    case 'size':
      return 'size'
    case 'fairness':
      return `${criterion.measure} by ${criterion.column}`
    case 'slice':
      return `${criterion.metric} by ${criterion.column}`
    case 'robustness':
      return `${criterion.metric} under corruption`
  }
}

function summary(criteria: readonly CriterionResult[]): Reason[] {
  const failed = criteria.filter((result) => result.outcome === 'failed')
  const must = failed.filter((result) => result.level === 'must')
  const warnings = failed.filter((result) => result.level === 'warn')
  const passed = criteria.filter((result) => result.outcome === 'passed').length
  const values = {
    criteria: criteria.length,
    passed,
    failed: must.length,
    warnings: warnings.length,
    notApplicable: criteria.length - passed - failed.length,
  }
  const head =
    must.length === 0
      ? gateReason(
          'criteria-passed',
          `no demand is broken; ${passed} of ${criteria.length} criteria passed`,
          values,
        )
      : gateReason(
          'criteria-failed',
          `${must.length} of ${criteria.length} criteria failed`,
          values,
        )
  return [
    head,
    ...must.map((result) => result.reason),
    ...warnings.map((result) =>
      gateReason('warning-failed', `only a warning: ${result.reason.message}`, {
        name: result.name,
        reason: result.reason.code,
      }),
    ),
  ]
}

/**
 * Stage 8: yes or no, with every criterion of the policy, in its order. No criterion is ever left
 * out: what could not be measured has failed, what has nothing to compare with does not apply.
 * A failed criterion of level `warn` is shown and does not decide.
 */
export function judgeGate(options: JudgeGateOptions): Verdict {
  const { policy, evaluation, championVersion } = options
  const criteria = policy.criteria.map(
    (criterion): CriterionResult => ({
      name: nameOf(criterion),
      kind: criterion.kind,
      level: criterion.level,
      ...find(criterion, options),
    }),
  )
  const broken = criteria.some(({ level, outcome }) => level === 'must' && outcome === 'failed')
  const verdict: Omit<Verdict, 'id'> = {
    outcome: broken ? 'no' : 'yes',
    candidate: evaluation.candidate,
    evaluation: evaluation.id,
    champion: championVersion === null ? null : String(championVersion),
    policyDigest: digestOfValue(policy),
    criteria,
    reasons: summary(criteria),
  }
  return { id: contentId('verdict', verdict), ...verdict }
}
