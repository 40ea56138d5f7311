import type { Experiment } from '../../platform/tracking/index.ts'
import { importErrors } from './errors.ts'
import { type ImportContext, ORIGIN_TAG } from './import-context.ts'
import type { SourceExperiment } from './source-records.ts'

/** Where an experiment of the source goes: one that is here, or a new one; null: it stays behind. */
export interface ExperimentPlan {
  readonly from: SourceExperiment
  readonly name: string
  readonly here: Experiment | undefined
  /** Whether it goes into "Default", which every server has. */
  readonly adoptsDefault: boolean
}

/** @throws IMPORT_NAME_TAKEN before anything is written */
export async function planExperiment(
  context: ImportContext,
  from: SourceExperiment,
): Promise<ExperimentPlan | undefined> {
  const { tracking, renamePrefix, project } = context
  const name = `${renamePrefix}${from.name}`
  const known = await importedBefore(context, from)
  if (known !== undefined) return { from, name, here: known, adoptsDefault: false }
  const taken = await tracking.findExperimentByName(name)
  if (taken === undefined) return { from, name, here: undefined, adoptsDefault: false }
  const isDefault = from.id === '0' && taken.id === '0'
  if (isDefault && taken.project === project && taken.tags[ORIGIN_TAG] === undefined)
    return { from, name, here: taken, adoptsDefault: true }
  // Every server has a "Default"; an empty one is nothing to bring over.
  if (isDefault && (await isEmpty(context, from))) return undefined
  const prefixed = `imported ${from.name}`
  throw importErrors.IMPORT_NAME_TAKEN({ what: 'an experiment', name, prefixed })
}

async function isEmpty({ source }: ImportContext, { id }: SourceExperiment): Promise<boolean> {
  for await (const _run of source.runs(id)) return false
  for await (const _model of source.loggedModels(id)) return false
  return true
}

function originOf({ source }: ImportContext, { id }: SourceExperiment): string {
  return `${source.place}#${id}`
}

/** By the tag, since people may have renamed it here. */
async function importedBefore(
  context: ImportContext,
  from: SourceExperiment,
): Promise<Experiment | undefined> {
  const origin = originOf(context, from)
  const quote = origin.includes("'") ? '"' : "'"
  const { items } = await context.tracking.searchExperiments({
    filter: `tags."${ORIGIN_TAG}" = ${quote}${origin}${quote}`,
    view: 'all',
    maxResults: 1,
  })
  return items[0]
}

/** Makes the experiment, or brings what changed of it. Returns it as it is here. */
export async function bringExperiment(
  context: ImportContext,
  { from, name, here }: ExperimentPlan,
): Promise<{ readonly experiment: Experiment; readonly changed: boolean }> {
  const { tracking, by, project } = context
  const tags = { ...from.tags, [ORIGIN_TAG]: originOf(context, from) }
  if (here === undefined) {
    const createdAtMs = from.createdAtMs ?? undefined
    const experiment = await tracking.createExperiment(by, { name, project, tags, createdAtMs })
    return { experiment, changed: true }
  }
  const missing = Object.entries(tags).filter(([key, value]) => here.tags[key] !== value)
  if (missing.length === 0) return { experiment: here, changed: false }
  if (here.lifecycle === 'deleted') await tracking.setExperimentLifecycle(by, here.id, 'active')
  await tracking.setExperimentTags(by, here.id, Object.fromEntries(missing))
  return { experiment: await tracking.experiment(here.id), changed: true }
}
