import { isPlatformError } from '../../core/errors/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type { ArtifactFiles } from '../../platform/artifact-files/index.ts'
import type { Actor, ChangeListener, Database } from '../../platform/database/index.ts'
import type { TrackingStore } from '../../platform/tracking/index.ts'
import type { ModelCatalog } from '../../stages/registry/catalog/index.ts'
import type { ImportTally } from './import-tally.ts'
import type { MlflowSource } from './mlflow-source.ts'

/** What every part of an import works with. */
export interface ImportContext {
  readonly source: MlflowSource
  readonly database: Database
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  /** Opens where artifact files go; not asked by a dry run. */
  readonly files: () => Promise<ArtifactFiles>
  /** The URI that the files' root has in artifact URIs, such as `mlflow-artifacts:/`. */
  readonly artifactRoot: string
  readonly clock: Clock
  readonly listener?: ChangeListener | undefined
  readonly by: Actor
  /** The project that experiments and models belong to here. */
  readonly project: string
  /** Stands before the names of experiments and models. */
  readonly renamePrefix: string
  readonly signal?: AbortSignal | undefined
}

export interface ImportWork extends ImportContext {
  readonly tally: ImportTally
}

/** Tells what was imported, and from where: the source's place, and `#` and the id of an experiment. */
export const ORIGIN_TAG = 'esteira.imported.from'

/** Faults that everything else would have too: they end the import. */
const ENDING = new Set([
  'IMPORT_SOURCE_UNREADABLE',
  'IMPORT_ARTIFACTS_UNKNOWN',
  'ARTIFACT_DESTINATION_FAILED',
  'ARTIFACT_DESTINATION_INVALID',
  'STORAGE_FULL',
])

/** Whether a fault concerns one thing only, so that it can be told at the end. */
function isOfOneThing(error: unknown): error is Error {
  if (!isPlatformError(error)) {
    // Files of the source that cannot be opened.
    return error instanceof Error && 'syscall' in error
  }
  if (error.code === 'IMPORT_SOURCE_REFUSED')
    return error.details.status !== 401 && error.details.status !== 403
  return error.blame === 'caller' && !ENDING.has(error.code)
}

/** Does one piece of the work; what is wrong with that piece alone becomes a problem in the tally. */
export async function attempt<T>(
  { tally, signal }: ImportWork,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  signal?.throwIfAborted()
  try {
    return await work()
  } catch (error) {
    signal?.throwIfAborted()
    if (!isOfOneThing(error)) throw error
    tally.problem(what, error.message)
    return undefined
  }
}

/** The thing, or undefined when an error with this code says that there is none. */
export async function ifFound<T>(code: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isPlatformError(error, code)) return undefined
    throw error
  }
}

/** Writes to a run, deleted or not: it is deleted again at the end, when the source has it so. */
export async function writing<T>(
  { tracking, by }: ImportWork,
  runId: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isPlatformError(error, 'RUN_NOT_ACTIVE')) throw error
    await tracking.setRunLifecycle(by, runId, 'active')
    return work()
  }
}
