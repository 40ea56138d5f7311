export { mlflowErrors } from './errors.ts'
export type { AccessGuard, MlflowOptions, MlflowPermission } from './mlflow-options.ts'
export { mlflowPlugin } from './mlflow-plugin.ts'
export { serverAccess } from './server-access.ts'
