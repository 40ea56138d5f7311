export type { ArtifactGuard, ArtifactOptions, ArtifactPermission } from './artifact-options.ts'
export { artifactRoutes } from './artifact-routes.ts'
export { artifactProxyErrors } from './errors.ts'
