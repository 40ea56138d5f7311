export type { AccessGuard, MlflowOptions, MlflowPermission } from './mlflow-options.ts'
export { type MlflowServerParts, mlflowServer } from './mlflow-server.ts'
