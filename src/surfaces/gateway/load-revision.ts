import type { ModelVersion, Project } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { loadModel, type ModelSession } from '../../platform/inference/index.ts'
import type { ArtifactStore, RecordStore } from '../../platform/storage/index.ts'
import { findVersion } from '../../stages/registry/index.ts'
import { gatewayErrors } from './errors.ts'
import { createMicroBatch, type Predict } from './micro-batch.ts'
import { type InputPlan, planInputs, requireOnline } from './request-columns.ts'

export interface RevisionSources {
  readonly store: RecordStore
  readonly artifacts: ArtifactStore
  readonly project: Project
  /**
   * A replay's gateway answers each request by a call of its own: the last bit of an answer depends
   * on how many rows share a call, and a replay that is repeated must answer alike.
   */
  readonly acceptRequestTime?: boolean
}

/** A version in memory, warm and ready to answer. */
export interface LoadedRevision {
  readonly version: ModelVersion
  readonly plan: InputPlan
  readonly predict: Predict
  readonly session: ModelSession
}

/**
 * Brings a version into memory: finds it, checks its file's digest, loads it and lets it answer a
 * probe. Only a revision that came through may get traffic.
 * @throws REVISION_UNFIT
 */
export async function loadRevision(
  number: number,
  model: string,
  { store, artifacts, project, acceptRequestTime = false }: RevisionSources,
): Promise<LoadedRevision> {
  let session: ModelSession | undefined
  try {
    const version = await findVersion({ store, model, version: number })
    const dataset = await store.get('dataset', version.lineage.dataset ?? '')
    const plan = planInputs(version, project, dataset)
    requireOnline(plan, project)
    const { digest } = version.artifact
    const path = artifacts.pathOf(digest)
    // The loader compares the digest of the very bytes that it runs.
    session = await loadModel({ path, signature: version.signature, digest })
    await probe(session)
    const predict = createMicroBatch(session, () => ({
      maxRows: acceptRequestTime ? 1 : project.deployment.maxBatchRows,
      delayMs: acceptRequestTime ? 0 : durationMs(project.deployment.batchDelay),
    }))
    return { version, plan, predict, session }
  } catch (cause) {
    await session?.close()
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
    throw gatewayErrors.REVISION_UNFIT({ version: number, reason }, cause)
  }
}

/** One row in the middle of the training ranges, twice: the first call pays for lazy set-up. */
async function probe(session: ModelSession): Promise<void> {
  const { signature } = session
  const columns = Object.fromEntries(
    signature.inputs.map(({ name, kind, range, categories }) => [
      name,
      kind === 'number'
        ? Float32Array.of(range === null ? Number.NaN : (range[0] + range[1]) / 2)
        : [categories?.[0] ?? ''],
    ]),
  )
  const width = Math.max(1, signature.classes.length)
  for (let time = 0; time < 2; time++) {
    const answer = await session.predict({ rows: 1, columns })
    if (answer.width !== width || answer.output.length !== width) {
      throw new Error(`the probe gave ${answer.output.length} numbers, expected ${width}`)
    }
    if (!answer.output.every(Number.isFinite)) throw new Error('the probe gave no finite numbers')
  }
}
