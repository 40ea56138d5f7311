import { type Reproduction, reproduceRun as reproduce } from '../stages/training/index.ts'
import { flowErrors } from './errors.ts'
import type { Platform } from './platform.ts'

/**
 * Trains a recorded run again from its stored frame and compares what comes out: model digest,
 * folds, metrics.
 * @throws RUN_UNKNOWN
 */
export async function reproduceRun(platform: Platform, runId: string): Promise<Reproduction> {
  const { project, projectFolder, store, artifacts, engine, signal, onProgress, clock } = platform
  const run = await store.get('run', runId)
  if (run === undefined) {
    const known = (await store.list('run', { limit: 20 })).map(({ id }) => id)
    throw flowErrors.RUN_UNKNOWN({ run: runId, known: known.join(', ') })
  }
  const [frame, recipe] = await Promise.all([
    store.get('frame', run.frame),
    store.get('run-recipe', runId),
  ])
  if (frame === undefined) throw flowErrors.RUN_UNKNOWN({ run: runId, known: '' })
  if (recipe === undefined) throw flowErrors.RUN_UNKNOWN({ run: runId, known: '' })
  return reproduce({
    run,
    candidate: recipe.candidate,
    members: recipe.members,
    project: {
      ...project,
      training: recipe.training,
      dataset: { ...project.dataset, preparation: recipe.preparation, split: recipe.split },
    },
    projectFolder,
    frame,
    pool: await platform.workers(),
    engine,
    artifacts,
    signal,
    onProgress: (share, message) =>
      onProgress({
        kind: 'step-progress',
        stage: 'training',
        name: `reproduce ${run.candidate}`,
        share,
        message,
        atMs: clock.now(),
      }),
  })
}
