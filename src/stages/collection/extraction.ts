import type { Source } from '../../core/records/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import type { EnvironmentVariables } from './secrets.ts'

export interface FetchOptions<S = Source> {
  readonly name: string
  readonly source: S
  /** Folder of the project file; relative paths start there. */
  readonly projectFolder: string
  readonly environment: EnvironmentVariables
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  readonly signal?: AbortSignal
  readonly progress?: (share: number, message?: string) => void
}

/** What a kind of source needs to write its rows: everything resolved, a folder of its own. */
export interface Extraction<S> extends FetchOptions<S> {
  readonly signal: AbortSignal
  readonly progress: (share: number, message?: string) => void
  /** Empty, and removed afterwards whatever happens. */
  readonly folder: string
  /** The Parquet file to write. */
  readonly target: string
}

/** What an extraction wrote. */
export interface Extracted {
  readonly rows: number
  readonly origin: string
}
