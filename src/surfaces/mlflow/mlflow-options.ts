import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../platform/database/index.ts'
import type { TrackingStore } from '../../platform/tracking/index.ts'
import type { ModelCatalog } from '../../stages/registry/catalog/index.ts'

export type MlflowPermission =
  | 'experiments:read'
  | 'experiments:write'
  | 'models:read'
  | 'models:write'
  | 'models:promote'

/** Who asks and what they may: the server's, narrowed to what this surface needs. */
export interface AccessGuard {
  /** Goes on when the caller may; throws otherwise. */
  guard(
    request: FastifyRequest,
    permission: MlflowPermission,
    project: string,
  ): Promise<void> | void
  actor(request: FastifyRequest): Actor
  readableProjects(request: FastifyRequest): 'all' | readonly string[]
  /** Where new things go when the request names no project. */
  defaultProject(request: FastifyRequest): string
}

export interface MlflowOptions {
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  readonly access: AccessGuard
  /**
   * URIs below which clients may place artifacts or point at them, such as `s3://bucket/team`.
   * `mlflow-artifacts:/` is always one.
   * @default none
   */
  readonly artifactRoots?: readonly string[]
  /** Whether the artifact proxy takes files in parts; told to clients. @default false */
  readonly multipartUploads?: boolean
  /** Told of faults of the server itself; callers' mistakes are answered, not logged. */
  readonly logger?: (message: string, cause: unknown) => void
}
