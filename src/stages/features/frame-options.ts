import type { Problem } from '../../core/records/index.ts'
import type { TableEngine } from '../../platform/storage/index.ts'
import type { JoinPlanOptions } from './join-plan.ts'

export interface FrameOptions extends JoinPlanOptions {
  readonly problem: Problem
  readonly engine: TableEngine
  /** The data horizon, for errors. */
  readonly asOfMs: number | null
  /** Decides random, stratified and grouped splits; default 0. */
  readonly seed?: number
}
