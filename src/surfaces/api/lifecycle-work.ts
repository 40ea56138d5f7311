import type { ProblemType } from '../../core/records/index.ts'
import type { Adoption, Collected, GarbagePlan, ModelCard } from '../../flows/index.ts'
import type { Actor } from '../../platform/database/index.ts'

export interface GarbageWish {
  readonly olderThanDays: number
  readonly keepVersions?: number | undefined
}

/** Work that crosses stages: flows do it, and whoever wires the server brings them. */
export interface LifecycleWork {
  adopt(
    by: Actor,
    wish: {
      readonly model: string
      readonly version: number
      readonly problemType?: ProblemType | undefined
      readonly threshold?: number | undefined
    },
  ): Promise<Adoption>
  /** @throws ARTIFACT_MISSING when the card's file is on another machine */
  readCard(model: string, version: number): Promise<ModelCard>
  planGarbage(wish: GarbageWish): Promise<GarbagePlan>
  collectGarbage(by: Actor, wish: GarbageWish): Promise<Collected>
}
