export {
  type ArtifactGuard,
  type ArtifactOptions,
  type ArtifactPermission,
  artifactProxyErrors,
  artifactRoutes,
} from './artifacts/index.ts'
export { mlflowErrors } from './errors.ts'
export type { AccessGuard, MlflowOptions, MlflowPermission } from './mlflow-options.ts'
export { mlflowPlugin } from './mlflow-plugin.ts'
export { type MlflowServerParts, mlflowServer } from './mlflow-server.ts'
export { serverAccess } from './server-access.ts'
