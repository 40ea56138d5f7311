export type { ApiContext } from './api-context.ts'
export { apiPlugin } from './api-plugin.ts'
export { apiErrors } from './errors.ts'
