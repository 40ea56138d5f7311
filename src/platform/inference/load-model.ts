import { readFile } from 'node:fs/promises'
import { InferenceSession } from 'onnxruntime-node'
import { digestOfBytes } from '../../core/identity/index.ts'
import type { ModelSignature } from '../../core/records/index.ts'
import { areBounded } from './bounded-operators.ts'
import { inferenceErrors } from './errors.ts'
import { inspectOnnx } from './inspect-onnx.ts'
import type { ModelSession } from './model-session.ts'
import { createOnnxSession } from './onnx-session.ts'
import { type TrialLimits, tryModelApart } from './try-model-apart.ts'

export interface LoadModelOptions {
  readonly path: string
  readonly signature: ModelSignature
  /** Expected SHA-256 of the file; not compared when absent. */
  readonly digest?: string
  /** Threads inside one prediction; 1 gives the lowest latency for small models. Default 1. */
  readonly threads?: number
  /**
   * Tries a model in a process of its own first unless its operators bound what it can take, and
   * gives the trial's limits. For processes that others depend on. @default no trial
   */
  readonly trial?: TrialLimits
}

/**
 * Loads an ONNX file for prediction. The file is read once: the bytes that were checked are the bytes
 * that run, and nothing is resolved relative to the file.
 *
 * @throws MODEL_CORRUPT for an unreadable, changed or broken file.
 * @throws MODEL_NOT_ALLOWED for external data, non-standard operators, impossible sizes, loops that
 *   may not end, or a trial that passed its limits.
 * @throws MODEL_SIGNATURE_MISMATCH when the tensors are not those of the signature.
 */
export async function loadModel(options: LoadModelOptions): Promise<ModelSession> {
  const { path, signature } = options
  const bytes = await readModelFile(path)
  const digest = digestOfBytes(bytes)
  if (options.digest !== undefined && options.digest !== digest) {
    const reason = `its digest is ${digest}, expected ${options.digest}`
    throw inferenceErrors.MODEL_CORRUPT({ model: path, reason })
  }
  const inspection = inspectOnnx(bytes)
  if (inspection.outcome === 'corrupt') {
    throw inferenceErrors.MODEL_CORRUPT({ model: path, reason: inspection.reason })
  }
  if (inspection.outcome === 'not-allowed') {
    throw inferenceErrors.MODEL_NOT_ALLOWED({ model: path, reason: inspection.reason })
  }
  if (options.trial !== undefined && !areBounded(inspection.operators)) {
    await tryModelApart({ path, digest, signature, limits: options.trial })
  }
  const session = await openSession(path, bytes, options.threads ?? 1)
  try {
    checkTensors(path, session, signature)
  } catch (error) {
    await session.release()
    throw error
  }
  return createOnnxSession({ session, signature, digest, model: path })
}

async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw inferenceErrors.MODEL_CORRUPT({ model: path, reason }, cause)
  }
}

async function openSession(
  path: string,
  bytes: Uint8Array,
  threads: number,
): Promise<InferenceSession> {
  // The engine's packaged builds send usage reports to their maker unless told not to, before the
  // first session is made.
  process.env.ORT_DISABLE_TELEMETRY = '1'
  try {
    return await InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Fatal messages only: what goes wrong comes back as an exception.
      logSeverityLevel: 4,
    })
  } catch (cause) {
    const reason = `the engine refuses it (${cause instanceof Error ? cause.message : String(cause)})`
    throw inferenceErrors.MODEL_CORRUPT({ model: path, reason }, cause)
  }
}

function checkTensors(path: string, session: InferenceSession, signature: ModelSignature): void {
  const { numeric, categorical, output } = signature.tensors
  const expected = [numeric, categorical].filter((name) => name !== null)
  const got = session.inputNames
  if (expected.length !== got.length || expected.some((name) => !got.includes(name))) {
    throw inferenceErrors.MODEL_SIGNATURE_MISMATCH({
      model: path,
      expected: `the input tensors ${expected.join(', ') || 'none'}`,
      got: got.join(', ') || 'none',
    })
  }
  checkWidths(path, session, signature)
  if (!session.outputNames.includes(output)) {
    throw inferenceErrors.MODEL_SIGNATURE_MISMATCH({
      model: path,
      expected: `the output tensor ${output}`,
      got: session.outputNames.join(', '),
    })
  }
}

/** A tensor's declared width is the number of the signature's inputs that go into it. */
function checkWidths(path: string, session: InferenceSession, signature: ModelSignature): void {
  const texts = signature.inputs.filter((input) => input.kind === 'text').length
  for (const metadata of session.inputMetadata) {
    const width = metadata.isTensor ? metadata.shape[1] : undefined
    const isText = metadata.name === signature.tensors.categorical
    const expected = isText ? texts : signature.inputs.length - texts
    if (typeof width === 'number' && width !== expected) {
      throw inferenceErrors.MODEL_SIGNATURE_MISMATCH({
        model: path,
        expected: `${expected} columns in the tensor ${metadata.name}`,
        got: String(width),
      })
    }
  }
}
