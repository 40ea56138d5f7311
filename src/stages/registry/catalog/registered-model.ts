import type { Environment } from '../../../core/records/index.ts'
import type { Stage } from '../../../core/registry/index.ts'
import type { Tags } from '../../../platform/tracking/index.ts'

export { STAGES, type Stage } from '../../../core/registry/index.ts'

export interface RegisteredModel {
  /** Unique among all models of a server. */
  readonly name: string
  /** The project whose roles govern it. */
  readonly project: string
  readonly description: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly tags: Tags
  readonly aliases: readonly { readonly alias: string; readonly version: number }[]
  /** The newest version of each stage that has one. */
  readonly latestVersions: readonly CatalogVersion[]
}

/** One version: what it is made of never changes; what people say about it may. */
export interface CatalogVersion {
  readonly model: string
  readonly project: string
  /** 1, 2, 3 …; numbers of deleted versions are not given again. */
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly description: string
  readonly user: string
  readonly stage: Stage
  /** Where it came from, as the client said, such as `models:/m-…` or `mlflow-artifacts:/1/…`. */
  readonly source: string
  /** Where its files are; follows from `source`. */
  readonly artifactUri: string
  readonly runId: string | null
  readonly runLink: string | null
  /** The logged model behind it, when it has one. */
  readonly modelId: string | null
  readonly status: 'PENDING_REGISTRATION' | 'READY' | 'FAILED_REGISTRATION'
  readonly statusMessage: string | null
  readonly tags: Tags
  readonly aliases: readonly string[]
  /** The belt's record of it (`model-version`), when the belt made it or adopted it. */
  readonly recordId: string | null
  /** Where it stands now. */
  readonly environments: readonly Environment[]
  /** When it was retired, or null while it may be used. */
  readonly retiredAtMs: number | null
}
