export { type CollectContext, type Collected, collectGarbage } from './collect-garbage.ts'
export type { GarbageContext, GarbagePlan, GarbagePolicy } from './garbage-plan.ts'
export { planGarbage } from './plan-garbage.ts'
