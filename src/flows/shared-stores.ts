import { join } from 'node:path'
import type { Clock } from '../core/time/index.ts'
import type { ArtifactFiles } from '../platform/artifact-files/index.ts'
import type { ChangeListener, Database } from '../platform/database/index.ts'
import type { TrackingStore } from '../platform/tracking/index.ts'
import type { ModelCatalog } from '../stages/registry/catalog/index.ts'

export interface SharedStoresParts {
  readonly database: Database
  readonly clock: Clock
  readonly listener: ChangeListener
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Of the platform's data. */
  readonly folder: string
  /** A folder or `s3://bucket/prefix`. */
  readonly destination: string | undefined
}

/**
 * The stores that a platform shares with a server on the same data. Each is loaded and opened at the
 * first call: most commands never ask.
 */
export interface SharedStores {
  /** Experiments and runs, the same that clients of a server see. */
  tracking(): Promise<TrackingStore>
  /** Registered models as clients see them. */
  catalog(): Promise<ModelCatalog>
  /** Files of MLflow models, where `mlflow-artifacts:/` leads. */
  files(): Promise<ArtifactFiles>
}

export function openLazily(parts: SharedStoresParts): SharedStores {
  const { database, clock, listener, environment } = parts
  const destination =
    parts.destination ||
    environment.ESTEIRA_ARTIFACTS_DESTINATION ||
    join(parts.folder, 'mlartifacts')
  return {
    tracking: once(async () => {
      const { createTrackingStore } = await import('../platform/tracking/index.ts')
      return createTrackingStore(database, {
        clock,
        listener,
        defaultArtifactRoot: environment.ESTEIRA_DEFAULT_ARTIFACT_ROOT || 'mlflow-artifacts:/',
      })
    }),
    catalog: once(async () => {
      const { createModelCatalog } = await import('../stages/registry/catalog/index.ts')
      return createModelCatalog(database, { clock, listener })
    }),
    files: once(async () => {
      const { openArtifactFiles } = await import('../platform/artifact-files/index.ts')
      const s3Endpoint = environment.ESTEIRA_S3_ENDPOINT || undefined
      const s3Region = environment.ESTEIRA_S3_REGION || undefined
      return openArtifactFiles(destination, { s3Endpoint, s3Region, environment })
    }),
  }
}

/** Opens at the first call; what failed is tried again at the next one. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}
