import { isPlatformError } from '../core/errors/index.ts'
import { contentId } from '../core/identity/index.ts'
import type { BeltRun, Candidate, Reason, RetrainingOutcome } from '../core/records/index.ts'
import { isoTime } from '../core/time/index.ts'
import { endpointName } from '../stages/deployment/index.ts'
import { productionChampion } from './judge-candidates.ts'
import type { Platform } from './platform.ts'
import { travelBelt } from './run-belt.ts'
import { baseName } from './tune-candidates.ts'
import { readWatch, watchStateName } from './watch.ts'

/** The champion's recipe as candidates: itself with its parameters, and its members when it votes. */
async function championRecipe(
  platform: Platform,
  asOfMs: number,
): Promise<Candidate[] | undefined> {
  const champion = await productionChampion(platform, asOfMs)
  if (champion === undefined) return undefined
  const declared = platform.project.candidates
  const base = declared.find((c) => c.name === baseName(champion.candidate.name))
  if (base === undefined) return undefined
  const parameters = champion.candidate.parameters as Candidate['parameters']
  const members = declared.filter((c) => base.members?.includes(c.name))
  return [...members, { ...base, parameters }]
}

function outcomeOf(run: BeltRun): Pick<RetrainingOutcome, 'result' | 'reasons'> {
  return {
    result: run.outcome === 'deployed' ? 'rollout-started' : 'champion-kept',
    reasons: run.reasons,
  }
}

function failureReason(error: unknown): Reason {
  const code = isPlatformError(error) ? error.code : 'unexpected'
  const message = error instanceof Error ? error.message : String(error)
  return { code, message, values: {} }
}

/**
 * Carries out a decision to retrain: the belt on data up to `asOfMs`, the challenger against the
 * champion, then a rollout or none. A failure keeps the champion and is recorded; only an
 * interruption is passed on, and the decision stays pending.
 */
export async function retrain(
  platform: Platform,
  decisionId: string,
  asOfMs: number,
): Promise<RetrainingOutcome> {
  const { store, project } = platform
  const recipe =
    project.retraining.mode === 'champion' ? await championRecipe(platform, asOfMs) : undefined
  let result: Pick<RetrainingOutcome, 'result' | 'reasons'> &
    Partial<Pick<RetrainingOutcome, 'challenger' | 'verdict'>>
  try {
    const run = await travelBelt(platform, {
      asOfMs,
      cause: decisionId,
      ...(recipe === undefined ? {} : { candidates: recipe, tune: false }),
    })
    result = { ...outcomeOf(run), challenger: run.version, verdict: run.verdicts.at(-1) ?? null }
  } catch (error) {
    if (platform.signal.aborted) throw error
    result = { result: 'failed', reasons: [failureReason(error)] }
  }
  const outcome: RetrainingOutcome = {
    id: contentId('retraining', { decision: decisionId }),
    decision: decisionId,
    challenger: null,
    verdict: null,
    at: isoTime(asOfMs),
    ...result,
  }
  const { revision, value } = await readWatch(platform)
  await store.transaction(async (inner) => {
    await inner.put('retraining-outcome', outcome.id, outcome)
    if (value !== undefined) {
      const name = watchStateName(endpointName(project))
      await inner.writeState(name, { ...value, pending: null }, revision)
    }
  })
  return outcome
}

/** Carries out what was decided and not yet done; undefined when nothing is pending. */
export async function retrainIfPending(platform: Platform): Promise<RetrainingOutcome | undefined> {
  const { value } = await readWatch(platform)
  if (value?.pending === undefined || value.pending === null) return undefined
  const decision = await platform.store.get('retraining-decision', value.pending)
  const asOfMs = decision === undefined ? value.nextFromMs : Date.parse(decision.at)
  return retrain(platform, value.pending, asOfMs)
}
