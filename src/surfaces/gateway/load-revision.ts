import type { DeploymentPolicy, ModelVersion, Project } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { estimateMemory, type ModelSession, probeBatch } from '../../platform/inference/index.ts'
import type { ArtifactStore, RecordStore } from '../../platform/storage/index.ts'
import { findVersion } from '../../stages/registry/index.ts'
import { type ComputePlaces, createComputePlaces } from './compute-places.ts'
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
  /** Asked at each call of a model, since it changes while the endpoint runs. @default the project's */
  readonly policy?: () => DeploymentPolicy
  /** Shared by the endpoints of a process. @default places of its own, where small models compute here */
  readonly places?: ComputePlaces
}

/** A version that answers; whoever predicts holds it in memory for as long (`RevisionPool.use`). */
export interface LoadedRevision {
  readonly version: ModelVersion
  readonly plan: InputPlan
  readonly predict: Predict
}

/** A model in memory, warm and ready to answer. */
export interface OpenModel {
  readonly predict: Predict
  /** Whether it answers no more, since what it computed in has ended. */
  readonly hasEnded: boolean
  close(): Promise<void>
}

/** What is known of a version, and how its model comes into memory. */
export interface RevisionSource {
  readonly version: ModelVersion
  readonly plan: InputPlan
  /** About what the model takes in memory. */
  readonly bytes: number
  /**
   * Checks the file's digest, loads it and lets it answer a probe; the same again after an unload.
   * @param isShadow whether nobody waits for its answers, so that it must hold up nobody's
   * @throws REVISION_UNFIT
   */
  open(isShadow: boolean): Promise<OpenModel>
}

/**
 * Finds a version and what its model will take. Only one whose model came through `open` may get
 * traffic.
 * @throws REVISION_UNFIT
 */
export async function findRevision(
  number: number,
  model: string,
  sources: RevisionSources,
): Promise<RevisionSource> {
  const { store, artifacts, project } = sources
  return refusing(number, async () => {
    const version = await findVersion({ store, model, version: number })
    const dataset = await store.get('dataset', version.lineage.dataset ?? '')
    const plan = planInputs(version, project, dataset)
    requireOnline(plan, project)
    const bytes = await estimateMemory(artifacts.pathOf(version.artifact.digest))
    return { version, plan, bytes, open: (isShadow) => openModel(version, sources, isShadow) }
  })
}

function openModel(
  { version: number, artifact, signature }: ModelVersion,
  { artifacts, project, acceptRequestTime = false, policy, places }: RevisionSources,
  isShadow: boolean,
): Promise<OpenModel> {
  return refusing(number, async () => {
    const { digest } = artifact
    const path = artifacts.pathOf(digest)
    // The loader compares the digest of the very bytes that it runs.
    const order = { path, signature, digest, trial: {} }
    const session = await (places ?? createComputePlaces({ hasSpareCore: false })).open(
      order,
      isShadow,
    )
    try {
      await probe(session)
    } catch (error) {
      await session.close()
      throw error
    }
    const limits = policy ?? (() => project.deployment)
    const predict = createMicroBatch(session, () => ({
      maxRows: acceptRequestTime ? 1 : limits().maxBatchRows,
      delayMs: acceptRequestTime ? 0 : durationMs(limits().batchDelay),
    }))
    return {
      predict,
      get hasEnded() {
        return session.hasEnded
      },
      close: () => session.close(),
    }
  })
}

async function refusing<T>(version: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
    throw gatewayErrors.REVISION_UNFIT({ version, reason }, cause)
  }
}

/** One row in the middle of the training ranges, twice: the first call pays for lazy set-up. */
async function probe(session: ModelSession): Promise<void> {
  const { signature } = session
  const width = Math.max(1, signature.classes.length)
  for (let time = 0; time < 2; time++) {
    const answer = await session.predict(probeBatch(signature, 1))
    if (answer.width !== width || answer.output.length !== width) {
      throw new Error(`the probe gave ${answer.output.length} numbers, expected ${width}`)
    }
    if (!answer.output.every(Number.isFinite)) throw new Error('the probe gave no finite numbers')
  }
}
