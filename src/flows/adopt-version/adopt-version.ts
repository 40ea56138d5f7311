import { copyFile, lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientOrigin, Metrics, ModelVersion, ProblemType } from '../../core/records/index.ts'
import { type Clock, isoTime } from '../../core/time/index.ts'
import type { Actor, ChangeListener, Database } from '../../platform/database/index.ts'
import { type ArtifactStore, openRecordStore } from '../../platform/storage/index.ts'
import {
  type ClientModel,
  type ClientModelLimits,
  readClientModel,
} from '../../platform/workers/index.ts'
import {
  type CatalogVersion,
  catalogErrors,
  type ModelCatalog,
} from '../../stages/registry/catalog/index.ts'
import { attachRecord } from '../../stages/registry/index.ts'
import { buildSignature, thresholdOf } from './build-signature.ts'
import { type ChosenFlavor, chooseFlavor } from './choose-flavor.ts'
import { renderClientCard } from './client-card.ts'
import { refusalError, type VersionName } from './errors.ts'
import { fetchModel } from './fetch-model.ts'
import { readInputExample } from './input-example.ts'
import { readSignature, type SignatureColumns } from './mlflow-signature.ts'
import { folderOfUri, type ModelFiles } from './model-files.ts'
import { ModelFolder } from './model-folder.ts'
import { type MlModel, readMlModel } from './read-mlmodel.ts'
import { type Trial, tryModel } from './try-model.ts'

export interface AdoptVersionOptions {
  readonly database: Database
  /** Where the belt's files are kept; the served file goes there. */
  readonly artifacts: ArtifactStore
  readonly clock: Clock
  /** Told of the change in its transaction. */
  readonly listener?: ChangeListener | undefined
  /** Interpreter of the worker's environment, made when it is first asked for. */
  readonly python: () => Promise<string>
  readonly catalog: Pick<ModelCatalog, 'version'>
  /** Where clients' files are. */
  readonly files: ModelFiles
  /** Newest metrics of the client's run; none when absent. */
  readonly metricsOf?: ((runId: string) => Promise<Metrics>) | undefined
  readonly model: string
  readonly version: number
  readonly by: Actor
  /** What the model is for, where its file leaves it open. */
  readonly problemType?: ProblemType | undefined
  /** Between 0 and 1, for two classes. @default 0.5 */
  readonly threshold?: number | undefined
  readonly limits?: Partial<ClientModelLimits> | undefined
  readonly signal?: AbortSignal | undefined
}

/** A version that the gateway can serve. */
export interface Adoption {
  readonly version: ModelVersion
  /** The served file against the original; null where they are one file. */
  readonly parity: ClientOrigin['parity']
  readonly notes: readonly string[]
}

interface Reading {
  readonly name: VersionName
  readonly catalogVersion: CatalogVersion
  readonly folder: ModelFolder
  readonly mlmodel: MlModel
  readonly chosen: ChosenFlavor
}

/**
 * Makes a version deployable that a client registered: reads its model in a sandbox, converts it to
 * ONNX where it is none, proves on rows that the file answers like the original, and keeps the
 * belt's record of it. The same call again gives the same record.
 *
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_RECORDED, and the refusals of
 * `errors.ts`, which say why the model cannot be served and what to do.
 */
export async function adoptVersion(options: AdoptVersionOptions): Promise<Adoption> {
  const { model, version, artifacts } = options
  const name = { model, version }
  const catalogVersion = await options.catalog.version(model, version)
  refuseRetired(catalogVersion, name)
  const reading = await openReading(options, catalogVersion)
  const work = artifacts.temporaryFolder()
  try {
    const { client, path } = await readInSandbox(options, reading, work.path)
    const signature = buildSignature(client, name)
    const threshold = thresholdOf(signature, options.threshold, name)
    const { signal } = options
    const trial = await tryModel({ name, path, signature, client, signal })
    const artifact = await artifacts.putFile(path, { name: 'model.onnx' })
    const origin = originOf(reading, client, trial)
    const metrics = await metricsOf(options, catalogVersion.runId)
    const { estimator } = client
    const card = await artifacts.putBytes(
      renderClientCard({ name, estimator, signature, threshold, metrics, origin }),
      { name: 'model-card.md' },
    )
    const record = await attachRecord({
      store: openRecordStore(options.database, {
        project: catalogVersion.project,
        clock: options.clock,
        ...(options.listener && { listener: options.listener }),
      }),
      by: options.by,
      nowMs: options.clock.now(),
      ...{ model, version, artifact, signature, threshold, metrics, card },
      ...clientParts(estimator, origin),
    })
    return { version: record, parity: trial.parity, notes: origin.notes }
  } finally {
    work.dispose()
  }
}

function refuseRetired({ retiredAtMs }: CatalogVersion, name: VersionName): void {
  if (retiredAtMs === null) return
  throw catalogErrors.VERSION_RETIRED({ ...name, at: isoTime(retiredAtMs) })
}

async function openReading(
  { model, version, files }: AdoptVersionOptions,
  catalogVersion: CatalogVersion,
): Promise<Reading> {
  const name = { model, version }
  const path = folderOfUri(catalogVersion.artifactUri)
  if (path === undefined) {
    throw refusalError(name, {
      code: 'MODEL_FILES_ELSEWHERE',
      message: `its files are at ${catalogVersion.artifactUri}, not at this server`,
      hint: 'Log the model through this server (mlflow-artifacts:), and register that.',
    })
  }
  const folder = new ModelFolder(files, path, name)
  const text = await folder.text('MLmodel')
  if (text === undefined) {
    throw refusalError(name, {
      code: 'MODEL_FILE_MISSING',
      message: `there is no MLmodel file at ${catalogVersion.artifactUri}`,
      hint: 'Register a model that was logged with mlflow.<flavor>.log_model.',
    })
  }
  const mlmodel = readMlModel(text, name)
  return { name, catalogVersion, folder, mlmodel, chosen: chooseFlavor(mlmodel, name) }
}

interface SandboxReading {
  readonly client: ClientModel
  /** The ONNX file that would be served. */
  readonly path: string
}

async function readInSandbox(
  options: AdoptVersionOptions,
  { name, folder, mlmodel, chosen }: Reading,
  work: string,
): Promise<SandboxReading> {
  const columns = readSignature(mlmodel.signature?.inputs, name)
  const target = join(work, 'sandbox')
  await mkdir(target)
  const siblings = await fetchModel({ folder, target, name }, chosen)
  const example = await exampleOf(folder, mlmodel)
  const client = await readClientModel({
    python: await options.python(),
    folder: target,
    file: chosen.fileName,
    format: chosen.format,
    siblings,
    ...columnsOf(columns),
    problemType: options.problemType,
    example,
    limits: options.limits,
    signal: options.signal,
  })
  if ('refusal' in client) throw refusalError(name, client.refusal)
  // What runs from here on is a copy that no process of the sandbox can reach.
  const path = join(work, 'served.onnx')
  const made = join(target, client.model ?? chosen.fileName)
  await refuseNoFile(made, name)
  await copyFile(made, path)
  return { client, path }
}

function columnsOf(signature: SignatureColumns | undefined) {
  return signature === undefined ? {} : { columns: signature.columns, named: signature.named }
}

async function exampleOf(folder: ModelFolder, mlmodel: MlModel) {
  const path = mlmodel.saved_input_example_info?.artifact_path
  return path === undefined ? undefined : readInputExample(await folder.text(path))
}

/** Whoever got hold of the sandbox could leave a link where the model should be. */
async function refuseNoFile(path: string, name: VersionName): Promise<void> {
  const facts = await lstat(path).catch(() => undefined)
  if (facts?.isFile()) return
  throw refusalError(name, {
    code: 'MODEL_READER_CRASHED',
    message: 'the reader left no model file',
    hint: 'Log the model again.',
  })
}

function originOf(
  { catalogVersion, folder, mlmodel, chosen }: Reading,
  client: ClientModel,
  trial: Trial,
): ClientOrigin {
  const { source, artifactUri, runId, modelId } = catalogVersion
  return {
    source,
    artifactUri,
    runId,
    modelId,
    flavor: chosen.flavor,
    format: chosen.format,
    mlflowVersion: mlmodel.mlflow_version ?? null,
    files: { ...folder.digests },
    clientPackages: { ...chosen.packages },
    packages: client.packages ?? {},
    confinement: client.confinement,
    parity: trial.parity,
    notes: [...client.notes, ...trial.notes],
  }
}

async function metricsOf(options: AdoptVersionOptions, runId: string | null): Promise<Metrics> {
  if (runId === null || options.metricsOf === undefined) return {}
  const metrics = Object.entries(await options.metricsOf(runId))
  return Object.fromEntries(metrics.filter(([, value]) => Number.isFinite(value)))
}

/** What a client's version has in the place of a belt's data, evaluation and recipe. */
function clientParts(estimator: string, client: ClientOrigin) {
  return {
    lineage: {
      snapshots: {},
      featureTables: {},
      dataset: null,
      frame: null,
      run: client.runId,
      evaluation: null,
      verdict: null,
      client,
    },
    candidate: { name: 'client', estimator, parameters: {} },
    // How the training rows were spread is not known, so nothing can be compared with it.
    reference: { inputs: [], prediction: null, rows: 0 },
    asOf: null,
  }
}
