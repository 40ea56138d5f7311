export { type ServerConfig, serverConfigSchema } from './config/server-config.ts'
export { serverErrors } from './errors.ts'
export { type PermissionSubject, requirePermission } from './require-permission.ts'
export type { ServerContext, ServerPlugin } from './server-context.ts'
