import type { Readable } from 'node:stream'
import type {
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourcePoint,
  SourceRun,
} from './source-records.ts'

export interface SourceFile {
  /** From the owner's artifact folder, checked. */
  readonly path: string
  readonly bytes: number
}

/** Artifact files of one run or logged model. */
export interface SourceFiles {
  list(): AsyncIterable<SourceFile>
  open(path: string): Promise<Readable>
}

export interface FilesOwner {
  readonly kind: 'run' | 'logged-model'
  readonly id: string
  readonly artifactUri: string
}

/**
 * What an MLflow server holds, however it is reached. Nothing in it is believed before its schema has
 * accepted it, and nothing is ever written to it.
 *
 * Errors of all: IMPORT_SOURCE_UNREADABLE, IMPORT_SOURCE_REFUSED, IMPORT_ANSWER_INVALID.
 */
export interface MlflowSource {
  /** Where it is, without secrets; what was imported from it is known by this. */
  readonly place: string
  /** Deleted ones too. */
  experiments(): AsyncIterable<SourceExperiment>
  /** Of an experiment, deleted ones too, without their metrics' histories. */
  runs(experimentId: string): AsyncIterable<SourceRun>
  /** Every point of one metric, in no promised order. */
  metricHistory(runId: string, key: string): Promise<readonly SourcePoint[]>
  /** Of an experiment; deleted ones are not told. */
  loggedModels(experimentId: string): AsyncIterable<SourceLoggedModel>
  registeredModels(): AsyncIterable<SourceModel>
  /** @throws IMPORT_ARTIFACTS_UNKNOWN */
  files(owner: FilesOwner): Promise<SourceFiles>
  close(): Promise<void>
}
