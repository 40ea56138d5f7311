import type { Clock } from '../../core/time/index.ts'
import type { ArtifactFiles } from '../../platform/artifact-files/index.ts'
import type { Database } from '../../platform/database/index.ts'

export interface GarbageContext {
  readonly database: Database
  readonly clock: Clock
  /** The artifact destination; without one only rows are collected. */
  readonly files?: Pick<ArtifactFiles, 'walk' | 'delete'> | undefined
}

/** What can be collected, and what it is kept for when it cannot. */
export interface GarbagePlan {
  readonly runs: readonly GarbageItem[]
  readonly loggedModels: readonly GarbageItem[]
  readonly experiments: readonly GarbageItem[]
  /** Versions that were deleted long enough ago. */
  readonly versions: readonly GarbageVersion[]
  /** Models that were deleted long enough ago, by number. */
  readonly models: readonly { readonly number: number; readonly name: string }[]
  /** Versions that the retention policy no longer keeps; they are deleted now, collected later. */
  readonly outdated: readonly { readonly model: string; readonly version: number }[]
  /** Folders whose rows are gone since a collection was interrupted. */
  readonly unfinished: readonly string[]
  /** Files that no row names. */
  readonly orphans: readonly { readonly path: string; readonly bytes: number }[]
  readonly kept: readonly { readonly what: string; readonly because: string }[]
  /** Artifacts that lie outside the destination: their rows go, their files are left alone. */
  readonly elsewhere: readonly string[]
}

export interface GarbageItem {
  readonly number: number
  /** Its id, as clients know it. */
  readonly id: string
  /** Its folder in the artifact destination; null when it lies elsewhere. */
  readonly path: string | null
}

export interface GarbageVersion {
  /** A model's number and name. */
  readonly number: number
  readonly model: string
  readonly version: number
}

export interface GarbagePolicy {
  /** What was deleted this long ago or longer, in milliseconds. @default 30 days */
  readonly olderThanMs?: number | undefined
  /** Versions that each model keeps beside those in use; all of them when absent. */
  readonly keepVersions?: number | undefined
}
