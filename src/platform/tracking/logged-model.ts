import type { LoggedModelStatus } from '../../core/tracking/index.ts'
import type { Lifecycle, Tags } from './experiment.ts'
import type { MetricPoint, Parameter } from './run.ts'

export { LOGGED_MODEL_STATUSES, type LoggedModelStatus } from '../../core/tracking/index.ts'

/** A model that a client logged (MLflow 3): it exists beside runs and may outlive one. */
export interface LoggedModel {
  /** `m-` and 32 hexadecimal digits. */
  readonly id: string
  readonly name: string
  readonly experimentId: string
  readonly project: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** `<artifact location of the experiment>/models/<id>/artifacts`. */
  readonly artifactUri: string
  readonly status: LoggedModelStatus
  readonly statusMessage: string | null
  readonly lifecycle: Lifecycle
  readonly modelType: string
  readonly sourceRunId: string | null
  readonly tags: Tags
  readonly parameters: readonly Parameter[]
  readonly metrics: readonly (MetricPoint & { readonly runId: string })[]
}
