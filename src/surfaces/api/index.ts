export type { ApiContext } from './api-context.ts'
export { apiPlugin } from './api-plugin.ts'
export { apiErrors } from './errors.ts'
export type { GarbageWish, LifecycleWork } from './lifecycle-work.ts'
