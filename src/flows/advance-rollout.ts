import { isPlatformError } from '../core/errors/index.ts'
import type { RolloutDecision } from '../core/records/index.ts'
import {
  beginStepAnew,
  challengerOf,
  endpointName,
  judgeRollout,
  type RolloutStep,
} from '../stages/deployment/index.ts'
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
  if (step.state === state) return step.decision
  if (!(await commitStep(platform, step, { revision, stable: state.stable, nowMs }))) return null
  await followAliases(platform)
  return step.decision
}

/** Lets the step under way begin now, since the clock was set. Null as with `advanceRollout`. */
export async function restartStep(
  platform: Platform,
  nowMs: number,
): Promise<RolloutDecision | null> {
  const { project, store } = platform
  const { revision, value: state } = await readEndpoint(store, endpointName(project))
  if (state === undefined || challengerOf(state) === null) return null
  const step = beginStepAnew(state, nowMs)
  const isTaken = await commitStep(platform, step, { revision, stable: state.stable, nowMs })
  return isTaken ? step.decision : null
}

/** @returns whether the endpoint was still as it was judged */
async function commitStep(
  { project, store }: Platform,
  step: RolloutStep,
  judged: { readonly revision: number; readonly stable: number; readonly nowMs: number },
): Promise<boolean> {
  try {
    await store.transaction(async (inner) => {
      await commitRollout(inner, step, judged.revision)
      if (step.state.stable !== judged.stable) {
        const change = { reason: `rollout ${step.decision.id}`, atMs: judged.nowMs }
        await enterProduction({ project, store: inner }, step.state.stable, change)
      }
    })
    return true
  } catch (error) {
    if (isPlatformError(error, 'STATE_CONFLICT')) return false
    throw error
  }
}
