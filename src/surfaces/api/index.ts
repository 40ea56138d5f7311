export type { ApiContext } from './api-context.ts'
export { apiPlugin } from './api-plugin.ts'
export type { GarbageWish, LifecycleWork } from './lifecycle-work.ts'
