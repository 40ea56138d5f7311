export { type CollectContext, type Collected, collectGarbage } from './collect-garbage.ts'
export type { GarbagePlan, GarbagePolicy } from './garbage-plan.ts'
export { type GarbageContext, planGarbage } from './plan-garbage.ts'
