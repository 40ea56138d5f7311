import type { Metrics, MonitorWindow, Reason, Trigger } from '../../core/records/index.ts'

/** What a trigger is judged on. */
export interface TriggerContext {
  /** Windows of the version at the endpoint, the newest last. */
  readonly windows: readonly MonitorWindow[]
  /** Test metrics of the version. */
  readonly baselineMetrics: Metrics
  /** Mean predicted less observed positive share on the test rows; null when there is none. */
  readonly baselineCalibrationGap: number | null
  /** Up to when the version's data reach; null when not known. */
  readonly lastTrainedAtMs: number | null
  readonly lastRetrainingAtMs: number | null
  readonly nowMs: number
  /** Labelled predictions a window needs before its metrics are believed. */
  readonly minLabels: number
}

export type TriggerOf<K extends Trigger['on']> = Extract<Trigger, { on: K }>

/** What one window says to a trigger: it shows the fault, it does not, or it cannot tell. */
export interface Sign {
  readonly shown: boolean
  readonly reason: Reason
}

export interface TriggerFinding {
  readonly fired: boolean
  readonly reason: Reason
}
