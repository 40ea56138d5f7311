import type { FastifyRequest } from 'fastify'
import type { ArtifactFiles } from '../../../platform/artifact-files/index.ts'
import type { TrackingStore } from '../../../platform/tracking/index.ts'
import type { ModelCatalog } from '../../../stages/registry/catalog/index.ts'

export type ArtifactPermission =
  | 'experiments:read'
  | 'artifacts:read'
  | 'artifacts:write'
  | 'models:read'
  | 'server:admin'

/** Goes on when the caller may do this in the project (`*`: on the server); throws otherwise. */
export type ArtifactGuard = (
  request: FastifyRequest,
  permission: ArtifactPermission,
  project: string,
) => Promise<void> | void

export interface ArtifactOptions {
  /** Where `mlflow-artifacts:/` leads; URIs of the same place are read there too. */
  readonly files: ArtifactFiles
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  readonly guard: ArtifactGuard
  /** Bytes of one uploaded file at most. @default no limit */
  readonly maxFileBytes?: number | undefined
  /** Signs the addresses of parts; the same on all servers of one database. @default a random one */
  readonly secret?: Uint8Array | undefined
  /** Milliseconds since 1970. @default the machine's clock */
  readonly nowMs?: (() => number) | undefined
  /** Told of faults of the server itself. */
  readonly logger?: ((message: string, cause: unknown) => void) | undefined
}
