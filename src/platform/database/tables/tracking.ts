import type { Generated } from 'kysely'

interface KeyedValue {
  run: number
  /** Number of an entry key. */
  key: number
  experiment: number
  value: string
}

interface Point {
  step: number
  timestamp_ms: number
  /** 0 when the point is NaN. */
  value: number
  is_nan: number
}

/** Tables of the tracking migration. */
export interface TrackingTables {
  readonly experiments: {
    number: Generated<number>
    name: string
    project: string
    artifact_location: string
    is_deleted: Generated<number>
    created_at_ms: number
    updated_at_ms: number
  }
  readonly experiment_tags: { experiment: number; key: string; value: string }
  readonly runs: {
    number: Generated<number>
    id: string
    experiment: number
    name: string
    user_name: string
    status: string
    is_deleted: Generated<number>
    started_at_ms: number
    ended_at_ms: number | null
    deleted_at_ms: number | null
    artifact_uri: string
  }
  /** Keys of metrics, parameters and tags of runs; never removed, never changed. */
  readonly entry_keys: { number: Generated<number>; key: string }
  readonly metrics: Point & { run: number; key: number }
  /** The newest point of each metric of a run. */
  readonly latest_metrics: Point & { run: number; key: number; experiment: number }
  readonly run_parameters: KeyedValue
  readonly run_tags: KeyedValue
  readonly datasets: {
    number: Generated<number>
    experiment: number
    name: string
    digest: string
    source_type: string
    source: string
    schema: string | null
    profile: string | null
  }
  readonly run_datasets: {
    number: Generated<number>
    run: number
    dataset: number
    /** The tag `mlflow.data.context`, which searches ask for. */
    context: string | null
    tags_json: string
  }
  readonly run_model_inputs: { number: Generated<number>; run: number; model_id: string }
  readonly run_model_outputs: {
    number: Generated<number>
    run: number
    model_id: string
    step: number
  }
  readonly logged_models: {
    number: Generated<number>
    id: string
    experiment: number
    name: string
    artifact_uri: string
    status: string
    status_message: string | null
    is_deleted: Generated<number>
    model_type: string
    source_run_id: string | null
    created_at_ms: number
    updated_at_ms: number
  }
  readonly logged_model_parameters: { model: number; key: string; value: string }
  readonly logged_model_tags: { model: number; key: string; value: string }
  readonly logged_model_metrics: Point & {
    model: number
    key: number
    run: number
    dataset_name: string | null
    dataset_digest: string | null
  }
}
