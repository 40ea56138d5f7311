import type { RolloutDecision } from '../core/records/index.ts'
import { percentiles } from '../core/statistics/index.ts'
import { isoTime } from '../core/time/index.ts'
import { endpointName, judgeRollout, type RevisionEvidence } from '../stages/deployment/index.ts'
import { watchWindow } from '../stages/monitoring/index.ts'
import { findVersion } from '../stages/registry/index.ts'
import type { Platform } from './platform.ts'
import { commitRollout, enterProduction, readEndpoint } from './roll-out.ts'
import { followAliases } from './track-belt/index.ts'

/** Failed requests by version since the canary's step began, as the gateway counted them. */
export type ErrorCounts = Readonly<Record<number, number>>

async function gather(
  platform: Platform,
  version: number,
  span: { fromMs: number; toMs: number },
  errors: number,
): Promise<RevisionEvidence> {
  const { project, store, log } = platform
  const endpoint = endpointName(project)
  const entries = log.window({ endpoint, ...span, version, labelsKnownByMs: span.toMs })
  const registered = await findVersion({ store, model: project.name, version })
  const latencies = Float64Array.from(entries, (entry) => entry.latencyUs / 1_000)
  const window = watchWindow({
    endpoint,
    version,
    from: isoTime(span.fromMs),
    to: isoTime(span.toMs),
    entries,
    reference: registered.reference,
    problem: project.problem,
    threshold: registered.threshold,
    classes: registered.signature.classes,
    positiveClass: registered.signature.positiveClass,
    policy: project.monitoring,
    errors,
    resources: null,
    wallClockMs: null,
  })
  return {
    requests: entries.length + errors,
    errors,
    latencyP95Ms: percentiles(latencies)?.p95 ?? null,
    valuePerDecision: window.valuePerDecision,
    labelled: window.labels,
  }
}

/**
 * Judges a canary under way on what both revisions did since its step began, and acts: more
 * traffic, all of it, back, or wait. Null when no canary is under way.
 */
export async function advanceRollout(
  platform: Platform,
  nowMs: number,
  errors: ErrorCounts,
): Promise<RolloutDecision | null> {
  const { project, store } = platform
  const { revision, value: state } = await readEndpoint(store, endpointName(project))
  if (state === undefined || state.canary === null) return null
  const span = { fromMs: Date.parse(state.canary.since), toMs: nowMs }
  const { version } = state.canary
  const [canary, stable] = await Promise.all([
    gather(platform, version, span, errors[version] ?? 0),
    gather(platform, state.stable, span, errors[state.stable] ?? 0),
  ])
  const step = judgeRollout({
    state,
    policy: project.deployment,
    evidence: { challenger: canary, stable },
    nowMs,
  })
  if (step.decision.action === 'wait') return step.decision
  await store.transaction(async (inner) => {
    await commitRollout(inner, step, revision)
    if (step.decision.action === 'complete') {
      const reason = `rollout ${step.decision.id}`
      await enterProduction({ project, store: inner }, version, { reason, atMs: nowMs })
    }
  })
  await followAliases(platform)
  return step.decision
}
