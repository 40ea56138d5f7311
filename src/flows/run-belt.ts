import { contentId } from '../core/identity/index.ts'
import type {
  BeltRun,
  Candidate,
  Evaluation,
  Feasibility,
  Frame,
  Reason,
  Verdict,
} from '../core/records/index.ts'
import { selectionSchema } from '../core/records/index.ts'
import { isoTime } from '../core/time/index.ts'
import { checkQueries, projectFileErrors } from '../platform/project-file/index.ts'
import { acquireProjectLock } from '../platform/storage/index.ts'
import { publishOnline } from '../stages/features/index.ts'
import { checkProblem } from '../stages/problem/index.ts'
import { selectCandidates } from '../stages/selection/index.ts'
import {
  assembleDataset,
  assembleFrame,
  assessFeasibility,
  computeFeatures,
  type FeatureTables,
} from './assemble-frame.ts'
import { type BeltJournal, createBeltJournal } from './belt-journal.ts'
import { collectSources, type Snapshots } from './collect-sources.ts'
import { type Judged, judgeBest, type RankedRun, rankRuns } from './judge-candidates.ts'
import type { Platform } from './platform.ts'
import { registerModel } from './register-model.ts'
import { beginRollout, type Untouched, whyUntouched } from './roll-out.ts'
import { followAliases } from './track-belt/index.ts'
import { trainCandidates } from './train-candidates.ts'
import { type TuningRound, tuneRound } from './tune-candidates.ts'

export interface RunBeltOptions {
  /** The data horizon; the project's `asOf`, else now. */
  readonly asOfMs?: number
  /** Why the belt runs: `by hand`, or the id of a retraining decision. */
  readonly cause?: string
  /** Compete with these instead of the project's candidates (retraining of the champion's recipe). */
  readonly candidates?: readonly Candidate[]
  /** False: no tuning, neither before the gate nor after a NO. Default true. */
  readonly tune?: boolean
}

interface Prepared {
  readonly snapshots: Snapshots
  readonly tables: FeatureTables
  readonly frame: Frame
  readonly feasibility: Feasibility
  readonly dataset: string
}

interface Contest {
  readonly judged: Judged
  readonly all: readonly Candidate[]
  readonly runs: readonly string[]
  readonly failedRuns: readonly string[]
  readonly evaluations: readonly string[]
  readonly rounds: readonly TuningRound[]
  readonly verdicts: readonly Verdict[]
}

async function checkDefinition({ project, engine, projectFolder }: Platform): Promise<void> {
  checkProblem(project)
  const issues = await checkQueries(project, { engine })
  if (issues.length > 0) throw projectFileErrors.PROJECT_INVALID({ file: projectFolder, issues })
}

async function prepare(journal: BeltJournal): Promise<Prepared> {
  await journal.always('problem', 'definition', () => checkDefinition(journal.platform))
  const snapshots = await collectSources(journal)
  const dataset = await assembleDataset(journal, snapshots)
  const tables = await computeFeatures(journal, snapshots)
  const frame = await assembleFrame(journal, dataset, tables)
  await journal.tracking.began({ snapshots, frame })
  const feasibility = await assessFeasibility(journal, dataset, frame)
  return { snapshots, tables, frame, feasibility, dataset: dataset.id }
}

function frameFacts(frame: Frame) {
  const texts = frame.inputs.filter((input) => input.kind === 'text')
  const distinct = texts.map((t) => frame.profile.find((p) => p.name === t.name)?.distinct ?? 0)
  return {
    rows: frame.parts.train.rows,
    inputs: frame.inputs.length,
    numericInputs: frame.inputs.length - texts.length,
    textInputs: texts.length,
    distinctTexts: distinct.reduce((a, b) => Math.max(a, b), 0),
  }
}

async function select(journal: BeltJournal, frame: Frame, declared: readonly Candidate[]) {
  const { problem } = journal.platform.project
  const chosen = selectCandidates({ problem, candidates: declared, facts: frameFacts(frame) })
  await journal.step({
    stage: 'selection',
    name: 'candidates',
    codeVersion: 1,
    inputs: { selection: chosen.selection },
    output: selectionSchema,
    run: async () => chosen.selection,
  })
  const id = contentId('selection', { frame: frame.id, selection: chosen.selection })
  await journal.platform.store.put('selection', id, chosen.selection)
  return chosen.candidates
}

/** Stages 5 to 9: candidates compete until the gate says yes or the rounds are used up. */
async function contest(
  journal: BeltJournal,
  frame: Frame,
  options: RunBeltOptions,
): Promise<Contest> {
  const { project } = journal.platform
  const mayTune = options.tune ?? true
  const declared = options.candidates ?? project.candidates
  let all: Candidate[] = [...(await select(journal, frame, declared))]
  const first = await trainCandidates(journal, frame, { candidates: all, all })
  let ranking: RankedRun[] = await rankRuns(journal, frame, first.runs)
  const failedRuns = first.failed.map(({ id }) => id)
  const rounds: TuningRound[] = []
  const verdicts: Verdict[] = []
  const evaluations = new Set<string>()

  const tune = async (round: number, verdict: Verdict | null): Promise<boolean> => {
    const made = await tuneRound(journal, frame, { verdict, round, ranking, all })
    rounds.push(made)
    if (made.candidates.length === 0) return false
    all = [...all, ...made.candidates]
    const trained = await trainCandidates(journal, frame, { candidates: made.candidates, all })
    failedRuns.push(...trained.failed.map(({ id }) => id))
    ranking = await rankRuns(journal, frame, [...ranking.map(({ run }) => run), ...trained.runs])
    return true
  }

  let round = 0
  if (mayTune && project.tuning.when === 'always') await tune(round++, null)
  let judged = await judgeBest(journal, frame, ranking)
  verdicts.push(judged.verdict)
  evaluations.add(judged.evaluation.id)
  const last = mayTune ? round + project.tuning.rounds : round
  while (judged.verdict.outcome === 'no' && round < last) {
    if (!(await tune(round++, judged.verdict))) break
    judged = await judgeBest(journal, frame, ranking)
    verdicts.push(judged.verdict)
    evaluations.add(judged.evaluation.id)
  }
  for (const { evaluation } of ranking) evaluations.add(evaluation.id)
  return {
    judged,
    all,
    runs: ranking.map(({ run }) => run.id),
    failedRuns,
    evaluations: [...evaluations],
    rounds,
    verdicts,
  }
}

async function deliver(journal: BeltJournal, prepared: Prepared, result: Contest) {
  const { platform, asOfMs } = journal
  const { run } = result.judged.best
  const candidate = result.all.find((c) => c.name === run.candidate)
  if (candidate === undefined) throw new RangeError(`no candidate "${run.candidate}"`)
  const version = await registerModel(journal, { ...prepared, judged: result.judged, candidate })
  // An endpoint that is left alone keeps its features too: they may be newer than this run's.
  if ((await whyUntouched(platform, version.version, asOfMs)) === null) {
    await journal.always('deployment', 'online features', () =>
      publishFeatures(journal, prepared.tables),
    )
  }
  const decision = await journal.always('deployment', `roll out version ${version.version}`, () =>
    beginRollout(platform, version, asOfMs),
  )
  await followAliases(platform)
  return { version, decision }
}

/** Online values of every view as they were known at the journal's instant. */
export async function publishFeatures(journal: BeltJournal, tables: FeatureTables): Promise<void> {
  const { platform, asOfMs } = journal
  const { project, artifacts, engine, online } = platform
  for (const [name, table] of Object.entries(tables)) {
    const view = project.featureViews[name]
    if (view?.online) await publishOnline({ table, view, artifacts, engine, online, asOfMs })
  }
}

const UNTOUCHED: Readonly<Record<Untouched, string>> = {
  'already-serving': 'this version already serves the endpoint, or is on its way',
  'endpoint-moved-on':
    'the endpoint changed after the instant this run looks back to; it is left alone',
}

/**
 * Runs the belt once, from the sources to the rollout. Finished steps are never computed twice, so
 * an interrupted run goes on where it was.
 *
 * One belt runs in a project at a time. A final NO of the gate or a NO-GO is no error here: it is the
 * outcome of the returned record.
 * @throws PROJECT_BUSY, and whatever a stage throws
 */
export async function runBelt(platform: Platform, options: RunBeltOptions = {}): Promise<BeltRun> {
  const lock = acquireProjectLock({ folder: platform.folder, purpose: 'esteira run' })
  try {
    return await travelBelt(platform, options)
  } finally {
    lock.release()
  }
}

/** `runBelt` for a flow that holds the project's lock already. */
export async function travelBelt(platform: Platform, options: RunBeltOptions): Promise<BeltRun> {
  const { project, clock } = platform
  const startedAt = isoTime(clock.now())
  const declaredAsOf = project.asOf === undefined ? clock.now() : Date.parse(project.asOf)
  const asOfMs = options.asOfMs ?? declaredAsOf
  const cause = options.cause ?? 'by hand'
  const journal = createBeltJournal(platform, asOfMs, cause)
  try {
    const { evaluation, ...ending } = await travel(journal, options)
    const record = travelRecord(journal, { cause, startedAt }, ending)
    await platform.store.put('belt-run', record.id, record)
    await journal.tracking.ended(record, evaluation)
    return record
  } catch (error) {
    await sayBroken(journal, error)
    throw error
  }
}

/** What ended the travel is told, whether or not the tracking store can be told of it. */
async function sayBroken({ platform, tracking }: BeltJournal, error: unknown): Promise<void> {
  try {
    await tracking.broke(error)
  } catch (cause) {
    const message = `the travel's end could not be tracked: ${String(cause)}`
    platform.onProgress({ kind: 'note', stage: 'problem', message, atMs: platform.clock.now() })
  }
}

/** How a travel ended. */
type Ending = Pick<BeltRun, 'outcome' | 'reasons'> & Partial<BeltRun>

function travelRecord(
  { platform, asOfMs, steps }: BeltJournal,
  { cause, startedAt }: Pick<BeltRun, 'cause' | 'startedAt'>,
  ending: Ending,
): BeltRun {
  const { project, projectDigest, clock } = platform
  return {
    id: contentId('belt', { project: projectDigest, cause, asOfMs, startedAt }),
    project: project.name,
    projectDigest,
    cause,
    asOf: isoTime(asOfMs),
    steps: [...steps],
    feasibility: null,
    dataset: null,
    frame: null,
    runs: [],
    failedRuns: [],
    evaluations: [],
    tunings: [],
    verdicts: [],
    version: null,
    rollout: null,
    startedAt,
    finishedAt: isoTime(clock.now()),
    ...ending,
  }
}

async function travel(
  journal: BeltJournal,
  options: RunBeltOptions,
): Promise<Ending & { readonly evaluation?: Evaluation }> {
  const prepared = await prepare(journal)
  const { feasibility, frame, dataset } = prepared
  const base = { feasibility: feasibility.id, frame: frame.id, dataset }
  if (feasibility.outcome === 'no-go')
    return { outcome: 'no-go', reasons: feasibility.reasons, ...base }

  const result = await contest(journal, frame, options)
  const { verdict, evaluation } = result.judged
  const parts = {
    ...base,
    evaluation,
    runs: [...result.runs],
    failedRuns: [...result.failedRuns],
    evaluations: [...result.evaluations],
    tunings: result.rounds.flatMap((round) => round.results.map((r) => r.id)),
    verdicts: result.verdicts.map((v) => v.id),
  }
  if (verdict.outcome === 'no') {
    const outcome = verdict.champion !== null ? 'champion-kept' : 'rejected'
    return { outcome, reasons: verdict.reasons, ...parts }
  }
  const { version, decision } = await deliver(journal, prepared, result)
  const said: Reason[] =
    typeof decision === 'string'
      ? [{ code: decision, message: UNTOUCHED[decision], values: { version: version.version } }]
      : decision.reasons
  return {
    ...parts,
    outcome: 'deployed',
    reasons: said,
    version: version.version,
    rollout: typeof decision === 'string' ? null : decision.id,
  }
}
