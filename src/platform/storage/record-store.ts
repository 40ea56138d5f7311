import type {
  Environment,
  EnvironmentChange,
  RecordKind,
  RecordOf,
  StepRecord,
} from '../../core/records/index.ts'

export interface StoredRecord<K extends RecordKind> {
  readonly id: string
  readonly createdAtMs: number
  readonly record: RecordOf<K>
}

/**
 * The metadata store: immutable records, finished steps, and a few mutable states.
 *
 * Holds for every adapter: an acknowledged write survives `kill -9`; records are validated on the
 * way in and parsed on the way out; several processes may use one store at once.
 */
export interface RecordStore {
  /**
   * Keeps a record for ever. Writing the same content under the same id again is no change.
   * @throws RECORD_CONFLICT when the id holds other content.
   * @throws STORAGE_FULL when the disk is full; nothing was written.
   */
  put<K extends RecordKind>(kind: K, id: string, record: RecordOf<K>): void
  get<K extends RecordKind>(kind: K, id: string): RecordOf<K> | undefined
  /** Newest first, at most `limit` (default 1,000). */
  list<K extends RecordKind>(kind: K, options?: { readonly limit?: number }): StoredRecord<K>[]

  /** A finished step by the digest of its inputs. */
  findStep(key: string): StepRecord | undefined
  saveStep(step: StepRecord): void

  /** A mutable document with its revision number; 0 and undefined when absent. */
  readState<T>(name: string): { readonly revision: number; readonly value: T | undefined }
  /**
   * Replaces a document if nobody else did meanwhile.
   * @returns the new revision.
   * @throws STATE_CONFLICT when the revision is no longer the current one.
   */
  writeState<T>(name: string, value: T, expectedRevision: number): number

  /** Next version number of a model for an artifact; the same artifact id gets the same number again. */
  allocateVersion(model: string, versionId: string): number

  /** Records a change of environment; the history is append-only, in the order of writing. */
  appendEnvironmentChange(change: EnvironmentChange): void
  environmentHistory(model: string, environment?: Environment): EnvironmentChange[]

  /** All of `work` or nothing. Synchronous, since the embedded store is. */
  transaction<T>(work: () => T): T
  close(): void
}
