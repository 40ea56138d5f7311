import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { isPlatformError } from '../../../core/errors/index.ts'
import type { Evaluation, Run, Verdict } from '../../../core/records/index.ts'
import type { ArtifactFiles } from '../../../platform/artifact-files/index.ts'
import type { LoggedModel, TrackingStore } from '../../../platform/tracking/index.ts'
import type { Platform } from '../../platform.ts'
import { type BeltTracking, candidateRunId } from '../belt-tracking.ts'
import { parametersOf, tagsOf } from '../entries.ts'
import { trackedModelId } from '../tracked-ids.ts'
import { modelFiles } from './model-files.ts'

export interface ModelToPublish {
  readonly run: Run
  readonly evaluation: Evaluation
  readonly verdict: Verdict
  /** The model card, in Markdown. */
  readonly card: string
}

/** Where clients find a model. */
export interface PublishedModel {
  readonly source: string
  readonly artifactUri: string
  readonly runId: string
  readonly modelId: string
}

/** What clients call a run's model. */
const NAME = 'model'

/**
 * Writes a model as one that MLflow's clients open: its files, a logged model, and the run's output.
 * What is whole already is left alone; what a crash cut off is written again.
 *
 * Undefined when nothing is tracked, people deleted the logged model, or the experiment's files are
 * kept where this process cannot write.
 * @throws what the tracking store and the artifact files throw
 */
export async function publishModel(
  platform: Platform,
  tracking: BeltTracking,
  given: ModelToPublish,
): Promise<PublishedModel | undefined> {
  const { travel } = tracking
  if (travel === undefined) return undefined
  const { project, actor, onProgress, clock } = platform
  const store = await platform.tracking()
  const runId = candidateRunId(project.name, given.run)
  const logged = await loggedModelOf(store, platform, {
    experimentId: travel.experimentId,
    runId,
    ...given,
  })
  const files = await platform.files()
  const folder = logged && folderOf(logged.artifactUri, files)
  if (logged === undefined || folder === undefined) {
    const why = logged === undefined ? 'people deleted it' : `${logged.artifactUri} is elsewhere`
    const message = `MLflow's clients cannot open the model of ${given.run.candidate}: ${why}`
    onProgress({ kind: 'note', stage: 'registry', message, atMs: clock.now() })
    return undefined
  }
  if (logged.status !== 'READY') {
    await writeFiles(platform, { files, folder, logged, runId, given })
    await store.finalizeLoggedModel(actor, logged.id, 'READY')
  }
  const run = await store.run(runId)
  if (run.lifecycle === 'active' && !run.modelOutputs.some(({ modelId }) => modelId === logged.id))
    await store.logOutputs(actor, runId, [{ modelId: logged.id, step: 0 }])
  const { artifactUri, id: modelId } = logged
  return { source: `models:/${modelId}`, artifactUri, runId, modelId }
}

interface LoggedModelParts extends ModelToPublish {
  readonly experimentId: string
  readonly runId: string
}

/** The logged model, new or known; undefined when people deleted it. */
async function loggedModelOf(
  store: TrackingStore,
  { project, actor }: Platform,
  { experimentId, runId, run, evaluation, verdict }: LoggedModelParts,
): Promise<LoggedModel | undefined> {
  const parts = { run: run.id, evaluation: evaluation.id, verdict: verdict.id }
  const id = trackedModelId(project.name, parts)
  try {
    return await store.loggedModel(id)
  } catch (error) {
    if (!isPlatformError(error, 'LOGGED_MODEL_NOT_FOUND')) throw error
  }
  try {
    return await store.createLoggedModel(actor, {
      id,
      experimentId,
      name: NAME,
      sourceRunId: runId,
      parameters: parametersOf({ ...run.parameters, estimator: run.estimator }),
      tags: tagsOf({
        'esteira.candidate': run.candidate,
        'esteira.run': run.id,
        'esteira.evaluation': evaluation.id,
        'esteira.verdict': verdict.outcome,
        'esteira.verdict.id': verdict.id,
        'mlflow.user': actor.name,
      }),
    })
  } catch (error) {
    if (isPlatformError(error, 'LOGGED_MODEL_EXISTS')) return undefined
    throw error
  }
}

/** Where a URI leads in the artifact files; undefined when it leads elsewhere. */
function folderOf(uri: string, files: ArtifactFiles): string | undefined {
  const proxied = /^mlflow-artifacts:\/(.+)$/.exec(uri)?.[1]
  if (proxied !== undefined) return proxied
  const root = `${plain(files.place)}/`
  return plain(uri).startsWith(root) ? plain(uri).slice(root.length) : undefined
}

function plain(uri: string): string {
  return uri.replace(/^file:(?:\/\/)?(?=\/)/, '').replace(/\/+$/, '')
}

interface Writing {
  readonly files: ArtifactFiles
  readonly folder: string
  readonly logged: LoggedModel
  readonly runId: string
  readonly given: ModelToPublish
}

async function writeFiles({ artifacts }: Platform, writing: Writing): Promise<void> {
  const { files, folder, logged, runId, given } = writing
  const written = modelFiles({
    ...given,
    modelId: logged.id,
    artifactUri: logged.artifactUri,
    trackedRunId: runId,
    createdAtMs: logged.createdAtMs,
    model: await readFile(artifacts.pathOf(given.run.model.digest)),
  })
  for (const [name, bytes] of written) await files.put(`${folder}/${name}`, Readable.from([bytes]))
}
