import type { RunStatus } from '../../core/tracking/index.ts'
import type { Lifecycle, Tags } from './experiment.ts'

export { RUN_STATUSES, type RunStatus } from '../../core/tracking/index.ts'

/** One logged value of a metric. NaN is allowed; infinities are kept as ±1.7976931348623157e308. */
export interface MetricPoint {
  /** At most 250 characters: letters, digits, `_ - . / : space`. */
  readonly key: string
  readonly value: number
  readonly timestampMs: number
  readonly step: number
  /** The logged model that it belongs to, if any. */
  readonly modelId?: string | undefined
  readonly datasetName?: string | undefined
  readonly datasetDigest?: string | undefined
}

export interface Parameter {
  readonly key: string
  /** At most 6,000 characters; never changes once logged. */
  readonly value: string
}

export interface DatasetInput {
  readonly name: string
  readonly digest: string
  readonly sourceType: string
  readonly source: string
  readonly schema: string | null
  readonly profile: string | null
  /** Such as `mlflow.data.context`. */
  readonly tags: Tags
}

export interface ModelOutput {
  readonly modelId: string
  readonly step: number
}

/** What `runs/get` and a row of `runs/search` show. */
export interface Run {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly name: string
  readonly experimentId: string
  readonly project: string
  readonly user: string
  readonly status: RunStatus
  readonly lifecycle: Lifecycle
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  readonly artifactUri: string
  /** The newest point of each metric: by step, then time, then value, as MLflow decides it. */
  readonly metrics: readonly MetricPoint[]
  readonly parameters: readonly Parameter[]
  readonly tags: Tags
  readonly datasets: readonly DatasetInput[]
  readonly modelInputs: readonly { readonly modelId: string }[]
  readonly modelOutputs: readonly ModelOutput[]
}

export interface LogBatch {
  readonly metrics: readonly MetricPoint[]
  readonly parameters: readonly Parameter[]
  readonly tags: Tags
}
