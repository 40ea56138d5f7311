import type { ArtifactFiles } from '../../platform/artifact-files/index.ts'
import type { TrackingStore } from '../../platform/tracking/index.ts'
import type { ModelCatalog } from '../../stages/registry/catalog/index.ts'
import { requirePermission, type ServerPlugin } from '../server/index.ts'
import { artifactRoutes } from './artifacts/index.ts'
import { mlflowPlugin } from './mlflow-plugin.ts'
import { serverAccess } from './server-access.ts'

export interface MlflowServerParts {
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  /** Where `mlflow-artifacts:/` leads. */
  readonly files: ArtifactFiles
  /** URIs below which clients may place artifacts, besides the default artifact root. */
  readonly artifactRoots?: readonly string[]
  /** Signs addresses of parts; the same on all servers of one database. @default a random one */
  readonly secret?: Uint8Array
}

/** All that MLflow's clients ask a server for: tracking, registry, and files of artifacts. */
export function mlflowServer(parts: MlflowServerParts): ServerPlugin {
  return async (app, { config, clock, logger }) => {
    const { tracking, catalog, files, artifactRoots = [] } = parts
    const api = mlflowPlugin({
      tracking,
      catalog,
      access: serverAccess,
      artifactRoots: [config.defaultArtifactRoot, ...artifactRoots],
      multipartUploads: true,
      logger,
    })
    const proxy = artifactRoutes({
      tracking,
      catalog,
      files,
      guard: requirePermission,
      secret: parts.secret,
      nowMs: () => clock.now(),
      logger,
    })
    await app.register(api)
    await app.register(proxy)
  }
}
