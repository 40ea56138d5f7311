import type { Clock } from '../core/time/index.ts'
import type { ChangeListener, Database } from '../platform/database/index.ts'
import type { Platform } from './platform.ts'

export interface TrackingParts {
  readonly database: Database
  readonly clock: Clock
  readonly listener: ChangeListener
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A folder or `s3://bucket/prefix`. */
  readonly destination: string
}

/**
 * The stores that a platform shares with a server on the same data. They are loaded and opened when
 * first asked for: most commands never do.
 */
export function lazyTracking(
  parts: TrackingParts,
): Pick<Platform, 'tracking' | 'catalog' | 'files'> {
  const { database, clock, listener, environment, destination } = parts
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
