import { digestOfValue } from '../../core/identity/index.ts'
import type { EndpointState, RolloutDecision, RolloutStrategy } from '../../core/records/index.ts'
import type { Actor, Change } from '../../platform/database/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import {
  abortRollout,
  askedFor,
  endpointName,
  promoteRollout,
  type RolloutStep,
  startRollout,
} from '../../stages/deployment/index.ts'
import { environmentHistory, findVersion } from '../../stages/registry/index.ts'
import { flowErrors } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { commitRollout, enterProduction, readEndpoint } from '../roll-out.ts'
import { rolloutErrors } from './errors.ts'

export interface RolloutRequest {
  readonly by: Actor
  /** Kept with the decision for ever. */
  readonly reason: string
}

export interface RolloutOutcome {
  readonly state: EndpointState
  readonly decision: RolloutDecision
}

type Parts = Pick<Platform, 'project' | 'store' | 'clock'>

/**
 * Starts the rollout of a version that was promoted to staging or production, by the project's
 * strategy or by one given here. A version that serves or is on its way already is left alone.
 * @throws VERSION_NOT_FOUND, VERSION_NOT_PROMOTED, ROLLOUT_NOT_JUDGEABLE, ROLLOUT_UNDER_WAY
 */
export function startRolloutNow(
  parts: Parts,
  request: RolloutRequest & {
    readonly version: number
    /** @default the project's */
    readonly strategy?: RolloutStrategy | undefined
  },
): Promise<RolloutOutcome> {
  const { version, strategy } = request
  const { project } = parts
  return change(parts, request, async ({ state, store, nowMs }) => {
    await requirePromoted(store, project.name, version)
    requireLog(project, strategy ?? project.deployment.strategy)
    return startRollout({
      state,
      endpoint: endpointName(project),
      model: project.name,
      version,
      policy: project.deployment,
      strategy,
      nowMs,
    })
  })
}

/**
 * Ends the rollout under way early: its version takes all traffic, and production.
 * @throws NOTHING_DEPLOYED, NO_ROLLOUT_UNDER_WAY, and what promoting into production may
 */
export function promoteRolloutNow(parts: Parts, request: RolloutRequest): Promise<RolloutOutcome> {
  return change(parts, request, async ({ state, nowMs }) =>
    promoteRollout({ state: requireState(state, parts), nowMs, reason: request.reason }),
  )
}

/**
 * Gives the rollout under way up at once: the stable version answers everything.
 * @throws NOTHING_DEPLOYED, NO_ROLLOUT_UNDER_WAY
 */
export function abortRolloutNow(parts: Parts, request: RolloutRequest): Promise<RolloutOutcome> {
  return change(parts, request, async ({ state, nowMs }) =>
    abortRollout({ state: requireState(state, parts), nowMs, reason: request.reason }),
  )
}

interface Moment {
  readonly state: EndpointState | undefined
  readonly store: RecordStore
  readonly nowMs: number
}

/**
 * Reads, decides and writes in one transaction: of two processes that race, the second decides on
 * what the first left.
 */
function change(
  { project, store, clock }: Parts,
  request: RolloutRequest,
  decide: (moment: Moment) => Promise<RolloutStep>,
): Promise<RolloutOutcome> {
  const nowMs = clock.now()
  const endpoint = endpointName(project)
  return store.within(async (transaction, inner) => {
    const { revision, value: state } = await readEndpoint(inner, endpoint)
    const decided = await decide({ state, store: inner, nowMs })
    if (decided.decision.action === 'wait') return decided
    const { by, reason } = request
    const step = askedFor(decided, { by: by.name, reason })
    await commitRollout(inner, step, revision)
    await store.listener(transaction, [auditOf(request, { project: store.project, state, step })])
    if (step.state.stable !== state?.stable) {
      const entry = { by: by.name, reason, atMs: nowMs }
      await enterProduction({ project, store: inner }, step.state.stable, entry)
    }
    return step
  })
}

function auditOf(
  { by, reason }: RolloutRequest,
  done: {
    readonly project: string
    readonly state: EndpointState | undefined
    readonly step: RolloutStep
  },
): Change {
  const { project, state, step } = done
  return {
    actor: by,
    action: `rollout.${step.decision.action}`,
    subject: `endpoint/${step.state.endpoint}`,
    project,
    before: state === undefined ? null : digestOfValue(state),
    after: digestOfValue(step.state),
    reason,
  }
}

function requireState(state: EndpointState | undefined, { project }: Parts): EndpointState {
  if (state !== undefined) return state
  throw flowErrors.NOTHING_DEPLOYED({ endpoint: endpointName(project) })
}

async function requirePromoted(store: RecordStore, model: string, version: number) {
  await findVersion({ store, model, version })
  const history = await environmentHistory({ store, model })
  const isPromoted = history.some(
    (event) => event.version === version && event.environment !== 'development',
  )
  if (!isPromoted) throw rolloutErrors.VERSION_NOT_PROMOTED({ version })
}

/** A rollout that is judged needs what was answered. */
function requireLog({ deployment }: Parts['project'], { kind }: { readonly kind: string }): void {
  if (kind === 'blue-green' || deployment.predictionLog.keep === 'all') return
  throw rolloutErrors.ROLLOUT_NOT_JUDGEABLE({ kind })
}
