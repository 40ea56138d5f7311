import { figureText } from '../../core/statistics/index.ts'
import { atMost, type CriterionOf, type Evidence, type Finding, NOT_MEASURED } from './finding.ts'
import { gateReason } from './gate-reasons.ts'

const BYTES_PER_MB = 1_000_000

const PERCENTILE_FIELDS = { p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms' } as const

function latencyMissing(bound: string): Finding {
  const reason = gateReason('latency-missing', 'the served artifact was not timed and weighed')
  return { outcome: 'failed', bound, measured: NOT_MEASURED, reason }
}

/** Time of one request through the serving engine. */
export function judgeLatency(criterion: CriterionOf<'latency'>, { evaluation }: Evidence): Finding {
  const { percentile, atMostMs } = criterion
  const bound = `≤ ${figureText(atMostMs)} ms`
  if (evaluation.latency === null) return latencyMissing(bound)
  const ms = evaluation.latency[PERCENTILE_FIELDS[percentile]]
  const measured = `${figureText(ms)} ms`
  const passed = atMost(ms, atMostMs)
  const message = `${percentile} latency is ${measured}, ${bound} is demanded`
  const values = { percentile, ms, atMostMs }
  const reason = gateReason(passed ? 'latency-kept' : 'latency-exceeded', message, values)
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}

/** Size of the artifact; a megabyte is 1,000,000 bytes. */
export function judgeSize(criterion: CriterionOf<'size'>, { evaluation }: Evidence): Finding {
  const bound = `≤ ${figureText(criterion.atMostMb)} MB`
  if (evaluation.latency === null) return latencyMissing(bound)
  const mb = evaluation.latency.sizeBytes / BYTES_PER_MB
  const measured = `${figureText(mb)} MB`
  const passed = atMost(mb, criterion.atMostMb)
  const message = `the model is ${measured}, ${bound} is demanded`
  const values = { mb, atMostMb: criterion.atMostMb }
  const reason = gateReason(passed ? 'size-kept' : 'size-exceeded', message, values)
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}

/** The worst loss of a metric under any of the attacks. */
export function judgeRobustness(
  criterion: CriterionOf<'robustness'>,
  { evaluation }: Evidence,
): Finding {
  const { metric, maxRelativeLoss } = criterion
  const percent = (share: number) => `${figureText(share * 100)} %`
  const bound = `at most ${percent(maxRelativeLoss)} of ${metric} lost`
  const [first, ...others] = evaluation.robustness.filter((attack) => attack.metric === metric)
  if (first === undefined) {
    const message = `${metric} was not measured under noise, missing or unseen values`
    const reason = gateReason('robustness-missing', message, { metric })
    return { outcome: 'failed', bound, measured: NOT_MEASURED, reason }
  }
  const worst = others.reduce((a, b) => (b.relativeLoss > a.relativeLoss ? b : a), first)
  const measured = `${percent(worst.relativeLoss)} under ${worst.attack}`
  const passed = atMost(worst.relativeLoss, maxRelativeLoss)
  const values = {
    metric,
    attack: worst.attack,
    clean: worst.clean,
    corrupted: worst.corrupted,
    relativeLoss: worst.relativeLoss,
    maxRelativeLoss,
  }
  const message = `${metric} goes from ${figureText(worst.clean)} to ${figureText(worst.corrupted)} under ${worst.attack}, ${bound} is demanded`
  const reason = gateReason(passed ? 'robustness-kept' : 'robustness-exceeded', message, values)
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}
