import { eachAtOnce } from './each-at-once.ts'
import { attempt, type ImportContext, type ImportWork } from './import-context.ts'
import { bringExperiment, type ExperimentPlan, planExperiment } from './import-experiment.ts'
import { importLoggedModel, importModelMetrics } from './import-logged-model.ts'
import { checkModelName, importModel } from './import-model.ts'
import { importRun, type RunFacts } from './import-run.ts'
import { type ImportCounts, type ImportProblem, ImportTally } from './import-tally.ts'
import { isPrompt, type SourceExperiment } from './source-records.ts'
import { type ExperimentCheck, type ImportedExperiment, verifyExperiment } from './verify-import.ts'

const RUNS_AT_ONCE = 4

export interface ImportOptions extends ImportContext {
  /** Only looks: what would be brought over, and whether names are free. */
  readonly dryRun: boolean
  readonly progress?: ((counts: ImportCounts) => void) | undefined
}

export interface ImportReport {
  readonly from: string
  readonly isDryRun: boolean
  readonly counts: ImportCounts
  /** Empty after a dry run. */
  readonly experiments: readonly ExperimentCheck[]
  /** What is not brought over, and why. */
  readonly notes: readonly string[]
  /** Whether everything is here as it is there. */
  readonly isComplete: boolean
  readonly problemCount: number
  /** The first 1,000. */
  readonly problems: readonly ImportProblem[]
}

/**
 * Brings over what an MLflow server holds, compares all of it with the source, and tells what
 * differs. Cut off, the same call goes on; after a success, it finds nothing to do.
 * @throws IMPORT_NAME_TAKEN and those of the source, the database and the artifact files
 */
export async function importMlflow(options: ImportOptions): Promise<ImportReport> {
  const { progress, dryRun, ...context } = options
  const tally = new ImportTally(progress)
  let opened: ReturnType<ImportContext['files']> | undefined
  const files = () => {
    opened ??= context.files()
    return opened
  }
  const work: ImportWork = { ...context, files, tally }
  const plans = await planAll(work)
  if (dryRun) {
    await countAll(work, plans)
    return reportOf(work, [], true)
  }
  const imported: ImportedExperiment[] = []
  const targets = await bringExperiments(work, plans)
  for (const target of targets) imported.push(await importExperiment(work, target))
  for (const { from } of targets)
    for await (const model of work.source.loggedModels(from.id))
      await importModelMetrics(work, model)
  for await (const model of work.source.registeredModels())
    if (!isPrompt(model)) await importModel(work, model)
  for (const [index, target] of targets.entries())
    await settleLifecycles(work, target, imported[index]?.facts ?? [])
  const checks: ExperimentCheck[] = []
  for (const experiment of imported) checks.push(await verifyExperiment(work, experiment))
  return reportOf(work, checks, false)
}

/** Finds out where everything goes, before anything is written. */
async function planAll(work: ImportWork): Promise<readonly ExperimentPlan[]> {
  const plans: ExperimentPlan[] = []
  const experiments = await Array.fromAsync(work.source.experiments())
  // In their order there, so that the ids here are the same when they can be.
  for (const experiment of experiments.toSorted((a, b) => Number(a.id) - Number(b.id))) {
    const plan = await planExperiment(work, experiment)
    if (plan === undefined) work.tally.note(`experiment ${experiment.name}: it is empty`)
    else plans.push(plan)
  }
  for await (const model of work.source.registeredModels()) {
    if (isPrompt(model)) work.tally.note(`prompt ${model.name}: prompts are not supported`)
    else await checkModelName(work, model)
  }
  return plans
}

async function countAll(work: ImportWork, plans: readonly ExperimentPlan[]): Promise<void> {
  const { source, tally } = work
  for (const { from } of plans) {
    tally.add('experiments')
    for await (const _run of source.runs(from.id)) tally.add('runs')
    for await (const _model of source.loggedModels(from.id)) tally.add('loggedModels')
  }
  for await (const model of source.registeredModels()) {
    if (isPrompt(model)) continue
    tally.add('models')
    tally.add('versions', model.versions.length)
  }
}

interface Target {
  readonly from: SourceExperiment
  readonly id: string
  readonly name: string
}

async function bringExperiments(
  work: ImportWork,
  plans: readonly ExperimentPlan[],
): Promise<readonly Target[]> {
  const targets: Target[] = []
  for (const plan of plans) {
    const { from } = plan
    work.tally.add('experiments')
    const brought = await attempt(work, `experiment ${from.id}`, () => bringExperiment(work, plan))
    if (brought === undefined) continue
    if (brought.changed) work.tally.add('changes')
    targets.push({ from, id: brought.experiment.id, name: brought.experiment.name })
  }
  return targets
}

async function importExperiment(work: ImportWork, target: Target): Promise<ImportedExperiment> {
  const { from, id, name } = target
  for await (const model of work.source.loggedModels(from.id))
    await importLoggedModel(work, model, id)
  const facts: RunFacts[] = []
  await eachAtOnce(work.source.runs(from.id), RUNS_AT_ONCE, async (run) => {
    facts.push(await importRun(work, { run, experimentId: id }))
  })
  return { sourceId: from.id, id, name, facts }
}

/** What is deleted there is deleted here, at last: nothing can be logged to it any more. */
async function settleLifecycles(
  work: ImportWork,
  { from, id }: Target,
  facts: readonly RunFacts[],
): Promise<void> {
  const { tracking, by, tally } = work
  const here = await tracking.experiment(id)
  // Experiment "Default" cannot be without: it stays, whatever the source did with its own.
  const lifecycle = id === '0' ? 'active' : from.lifecycle
  if (here.lifecycle !== lifecycle) {
    await tracking.setExperimentLifecycle(by, id, lifecycle)
    tally.add('changes')
  }
  for (const run of facts)
    await attempt(work, `run/${run.id}`, async () => {
      const { lifecycle: current } = await tracking.run(run.id)
      if (current === run.lifecycle) return
      await tracking.setRunLifecycle(by, run.id, run.lifecycle)
      tally.add('changes')
    })
}

function reportOf(
  { source, tally }: ImportWork,
  experiments: readonly ExperimentCheck[],
  isDryRun: boolean,
): ImportReport {
  const { problems, problemCount, notes } = tally
  const isComplete = problemCount === 0 && experiments.every(({ isSame }) => isSame)
  const counts = tally.counts()
  const from = source.place
  return { from, isDryRun, counts, experiments, notes, isComplete, problemCount, problems }
}
