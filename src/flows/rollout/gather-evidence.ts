import type { AbTrial, EndpointState, ModelVersion } from '../../core/records/index.ts'
import { percentiles } from '../../core/statistics/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { LabelledPrediction } from '../../platform/prediction-log/index.ts'
import {
  challengerOf,
  comparePredictions,
  endpointName,
  type RevisionEvidence,
  type RolloutEvidence,
} from '../../stages/deployment/index.ts'
import { answerNumber, answerReading, watchWindow } from '../../stages/monitoring/index.ts'
import { findVersion } from '../../stages/registry/index.ts'
import type { Platform } from '../platform.ts'
import { abEvidence } from './ab-evidence.ts'
import { rolloutErrors } from './errors.ts'
import type { DecisionReading } from './observe-decision.ts'
import { shadowEvidence } from './shadow-evidence.ts'

/** What evidence is read from. */
export type EvidenceSources = Pick<Platform, 'project' | 'store' | 'log'>

/** Failed requests by version since the rollout's step began, as the gateway counted them. */
export type ErrorCounts = Readonly<Record<number, number>>

/**
 * Rows of a revision that are looked at one by one; of more, a uniform sample. Means and quantiles of so
 * many are known to a hundredth of their spread, and a busy endpoint has millions between two looks.
 */
const MOST_ROWS = 20_000

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * What both revisions did since the rollout's present step began.
 * @param options.errors unknown ones count as none
 * @throws ROLLOUT_NOT_JUDGEABLE when nothing is logged
 */
export async function gatherEvidence(
  sources: EvidenceSources,
  state: EndpointState,
  options: { readonly nowMs: number; readonly errors: ErrorCounts },
): Promise<RolloutEvidence> {
  const { errors, nowMs } = options
  const { log, project } = sources
  if (project.deployment.predictionLog.keep === 'none') {
    const kind = state.trial?.kind ?? state.state
    throw rolloutErrors.ROLLOUT_NOT_JUDGEABLE({ kind })
  }
  const { endpoint, trial } = state
  const challenger = challengerOf(state)
  const version = challenger?.version ?? state.stable
  const span = { fromMs: Date.parse(challenger?.since ?? state.updatedAt), toMs: nowMs }
  if (trial?.kind === 'shadow')
    return shadowEvidence(await log.mirrored({ endpoint, version, ...span }))
  const [ours, theirs] = await Promise.all([
    gatherRevision(sources, version, { span, errors: errors[version] ?? 0 }),
    gatherRevision(sources, state.stable, { span, errors: errors[state.stable] ?? 0 }),
  ])
  const evidence = {
    challenger: ours.evidence,
    stable: theirs.evidence,
    drift: comparePredictions(theirs.answers, ours.answers),
  }
  if (trial?.kind !== 'ab-test') return evidence
  return { ...evidence, ab: await gatherAb(sources, trial, { nowMs, versions: [ours, theirs] }) }
}

interface GatheredRevision {
  readonly version: ModelVersion
  readonly evidence: RevisionEvidence
  /** Each prediction as one number. */
  readonly answers: readonly number[]
}

async function gatherRevision(
  { project, store, log }: EvidenceSources,
  number: number,
  { span, errors }: { readonly span: Span; readonly errors: number },
): Promise<GatheredRevision> {
  const endpoint = endpointName(project)
  const asked = { endpoint, ...span, version: number, labelsKnownByMs: span.toMs }
  const entries = await log.window({ ...asked, atMost: MOST_ROWS })
  const answered = entries.length < MOST_ROWS ? entries.length : await log.windowSize(asked)
  const version = await findVersion({ store, model: project.name, version: number })
  const window = watchWindow({
    endpoint,
    version: number,
    from: isoTime(span.fromMs),
    to: isoTime(span.toMs),
    entries,
    reference: version.reference,
    problem: project.problem,
    threshold: version.threshold,
    classes: version.signature.classes,
    positiveClass: version.signature.positiveClass,
    policy: project.monitoring,
    errors,
    resources: null,
    wallClockMs: null,
  })
  const { reading } = readingOf(project, version)
  return {
    version,
    evidence: {
      requests: answered + errors,
      errors,
      latencyP95Ms: latencyP95Ms(entries),
      valuePerDecision: window.valuePerDecision,
      labelled: window.labels,
      metrics: window.metrics,
    },
    answers: entries.map(({ output }) => answerNumber(output, reading)),
  }
}

function latencyP95Ms(entries: readonly LabelledPrediction[]): number | null {
  return percentiles(Float64Array.from(entries, ({ latencyUs }) => latencyUs / 1_000))?.p95 ?? null
}

function readingOf(project: Platform['project'], version: ModelVersion): DecisionReading {
  const { problem } = project
  const { classes, positiveClass } = version.signature
  const endpoint = endpointName(project)
  return {
    reading: answerReading({ endpoint, problem, classes, positiveClass }),
    value: problem.value,
  }
}

async function gatherAb(
  { project, log }: EvidenceSources,
  trial: AbTrial,
  options: { readonly nowMs: number; readonly versions: readonly GatheredRevision[] },
) {
  const { nowMs, versions } = options
  const exposed = await log.exposed({ test: trial.id, toMs: nowMs, labelsKnownByMs: nowMs })
  const readings = versions.map(
    ({ version }) => [version.version, readingOf(project, version)] as const,
  )
  return abEvidence(exposed, trial, new Map(readings))
}
