import { join } from 'node:path'
import { contentId } from '../../core/identity/index.ts'
import type { Candidate, Frame, ModelSignature, Project, Run } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { loadModel } from '../../platform/inference/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import type { TrainResult, WorkerPool } from '../../platform/workers/index.ts'
import { buildFitRequest } from './build-fit-request.ts'
import { buildSignature } from './build-signature.ts'
import { describeHardware, esteiraVersion, gitCommit } from './describe-origin.ts'
import { proveParity } from './prove-parity.ts'

export interface TrainOptions {
  readonly candidate: Candidate
  /** Full candidates of a vote (`resolveMembers`); empty for all others. */
  readonly members: readonly Candidate[]
  readonly project: Project
  readonly projectFolder: string
  readonly frame: Frame
  readonly pool: WorkerPool
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number, message: string) => void
}

/**
 * Stage 6: fits one candidate in a worker, keeps its ONNX file, and proves that the file answers like
 * the fitted model.
 *
 * @throws MODEL_PARITY_BROKEN, MODEL_PARITY_UNPROVEN, MODEL_CORRUPT, MODEL_NOT_ALLOWED, and the
 *   worker pool's errors, which name the candidate.
 */
export async function trainCandidate(options: TrainOptions): Promise<Run> {
  const { candidate, project, projectFolder, frame, pool, artifacts } = options
  const folder = artifacts.temporaryFolder()
  try {
    const request = { ...buildFitRequest(options), outputFolder: folder.path }
    const result = await pool.train(request, {
      subject: candidate.name,
      timeLimitMs: durationMs(project.training.timeLimit),
      memoryLimitMb: project.training.memoryLimitMb,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    })
    const signature = buildSignature(project.problem.type, frame, result)
    const path = join(folder.path, result.model)
    const parity = await proveFile(options, signature, {
      model: path,
      parity: join(folder.path, result.parity),
    })
    const model = await artifacts.putFile(path, { name: `${candidate.name}.onnx`, move: true })
    return {
      id: runId(options),
      candidate: candidate.name,
      estimator: candidate.estimator,
      frame: frame.id,
      seed: project.training.seed,
      dataDigests: {
        train: frame.parts.train.table.digest,
        validation: frame.parts.validation.table.digest,
      },
      model,
      signature,
      parity,
      code: {
        esteira: esteiraVersion(),
        workerDigest: pool.workerDigest,
        gitCommit: await gitCommit(projectFolder),
      },
      hardware: describeHardware(),
      ...measured(result),
    }
  } finally {
    folder.dispose()
  }
}

/** Loads the file as serving would, and lets it answer against its original. */
async function proveFile(
  { candidate, frame, engine, artifacts }: TrainOptions,
  signature: ModelSignature,
  files: { readonly model: string; readonly parity: string },
): Promise<Run['parity']> {
  const session = await loadModel({ path: files.model, signature })
  try {
    const { parity } = files
    return await proveParity({
      candidate: candidate.name,
      session,
      frame,
      parity,
      engine,
      artifacts,
    })
  } finally {
    await session.close()
  }
}

/** What the worker found out. */
function measured(result: TrainResult) {
  return {
    parameters: { ...result.parameters },
    trainingRows: result.trainingRows,
    folds: result.folds.map(({ rows, metrics }) => ({ rows, metrics: { ...metrics } })),
    crossValidation: { ...result.crossValidation },
    packages: { ...result.packages },
    durationMs: result.durationMs,
    peakMemoryMb: result.peakMemoryMb,
    notes: [...result.notes],
  }
}

/** The same for the same recipe, data and worker; so a repeated fit is the same run. */
function runId({ candidate, members, project, frame, pool }: TrainOptions): string {
  const { folds, maxRows, seed } = project.training
  return contentId('run', {
    candidate,
    members,
    frame: frame.id,
    preparation: project.dataset.preparation,
    split: project.dataset.split,
    folds,
    maxRows,
    seed,
    worker: pool.workerDigest,
  })
}
