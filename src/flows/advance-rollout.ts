import { isPlatformError } from '../core/errors/index.ts'
import type { RolloutDecision } from '../core/records/index.ts'
import { challengerOf, endpointName, judgeRollout } from '../stages/deployment/index.ts'
import type { Platform } from './platform.ts'
import { commitRollout, enterProduction, readEndpoint } from './roll-out.ts'
import { type ErrorCounts, gatherEvidence } from './rollout/index.ts'
import { followAliases } from './track-belt/index.ts'

/**
 * Judges the rollout under way on what both revisions did since its step began, and acts: more
 * traffic, all of it, back, or wait. Null when none is under way, or when somebody else changed the
 * endpoint meanwhile: then the next look judges what they left.
 */
export async function advanceRollout(
  platform: Platform,
  nowMs: number,
  errors: ErrorCounts,
): Promise<RolloutDecision | null> {
  const { project, store } = platform
  const { revision, value: state } = await readEndpoint(store, endpointName(project))
  if (state === undefined || challengerOf(state) === null) return null
  const evidence = await gatherEvidence(platform, state, { nowMs, errors })
  const step = judgeRollout({ state, policy: project.deployment, evidence, nowMs })
  if (step.decision.action === 'wait') return step.decision
  try {
    await store.transaction(async (inner) => {
      await commitRollout(inner, step, revision)
      if (step.state.stable !== state.stable) {
        const reason = `rollout ${step.decision.id}`
        await enterProduction({ project, store: inner }, step.state.stable, { reason, atMs: nowMs })
      }
    })
  } catch (error) {
    if (isPlatformError(error, 'STATE_CONFLICT')) return null
    throw error
  }
  await followAliases(platform)
  return step.decision
}
