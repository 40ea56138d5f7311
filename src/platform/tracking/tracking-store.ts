import type { Actor } from '../database/index.ts'
import type { Experiment, Lifecycle, Tags } from './experiment.ts'
import type { LoggedModel, LoggedModelStatus } from './logged-model.ts'
import type {
  DatasetInput,
  LogBatch,
  MetricPoint,
  ModelOutput,
  Parameter,
  Run,
  RunStatus,
} from './run.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Opaque; hand it back for the next page. Undefined after the last one. */
  readonly nextPageToken: string | undefined
}

export type View = 'active' | 'deleted' | 'all'

export interface SearchOptions {
  /** MLflow's filter grammar. @throws FILTER_INVALID with the place of the fault */
  readonly filter?: string | undefined
  /** Such as `metrics.rmse DESC`. */
  readonly orderBy?: readonly string[] | undefined
  readonly view?: View | undefined
  readonly maxResults: number
  readonly pageToken?: string | undefined
  /** Only what belongs to these projects; everything when absent. */
  readonly projects?: readonly string[] | undefined
}

export interface NewExperiment {
  readonly name: string
  readonly project: string
  /** Made from the store's default root and the experiment's id when absent. */
  readonly artifactLocation?: string | undefined
  readonly tags?: Tags | undefined
  /** Given when an experiment is brought over; now when absent. */
  readonly createdAtMs?: number | undefined
}

export interface NewRun {
  readonly experimentId: string
  /** Given when a run is brought over or made by the belt; new when absent. */
  readonly id?: string | undefined
  /** A memorable made-up name when absent or empty. */
  readonly name?: string | undefined
  readonly user?: string | undefined
  readonly startedAtMs?: number | undefined
  readonly tags?: Tags | undefined
}

export interface RunChange {
  readonly status?: RunStatus | undefined
  readonly endedAtMs?: number | undefined
  readonly name?: string | undefined
}

export interface NewLoggedModel {
  readonly experimentId: string
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly modelType?: string | undefined
  readonly sourceRunId?: string | undefined
  readonly parameters?: readonly Parameter[] | undefined
  readonly tags?: Tags | undefined
  /** Given when a model is brought over; now when absent. */
  readonly createdAtMs?: number | undefined
}

export interface LoggedModelDataset {
  readonly name: string
  readonly digest?: string | undefined
}

export interface LoggedModelSearch extends Omit<SearchOptions, 'orderBy'> {
  readonly experimentIds: readonly string[]
  /** Only models with a metric on one of these; comparisons of metrics look at these only. */
  readonly datasets?: readonly LoggedModelDataset[] | undefined
  /** Such as `metrics.rmse DESC`, or the same with the dataset that the metric was logged on. */
  readonly orderBy?:
    | readonly (
        | string
        | { readonly term: string; readonly dataset?: LoggedModelDataset | undefined }
      )[]
    | undefined
}

export interface RunCount {
  readonly experimentId: string
  readonly runs: number
  readonly byStatus: Readonly<Partial<Record<RunStatus, number>>>
}

export interface SampledMetrics {
  readonly runIds: readonly string[]
  readonly key: string
  readonly startStep?: number | undefined
  readonly endStep?: number | undefined
  /** Points of each run at most; first and last step of each run are always among them. */
  readonly maxPointsPerRun: number
}

/**
 * Experiments, runs, metrics and logged models: what data scientists log, whether through an MLflow
 * client or by the belt itself.
 *
 * Holds on both databases: an acknowledged write survives `kill -9`; the same point of a metric
 * logged again is no second point; a parameter never changes; every write is told to the store's
 * `ChangeListener` in its own transaction.
 *
 * Errors of all: EXPERIMENT_NOT_FOUND, RUN_NOT_FOUND, LOGGED_MODEL_NOT_FOUND, and those of the database.
 */
export interface TrackingStore {
  /** @throws EXPERIMENT_EXISTS, NAME_INVALID */
  createExperiment(by: Actor, experiment: NewExperiment): Promise<Experiment>
  experiment(id: string): Promise<Experiment>
  findExperimentByName(name: string): Promise<Experiment | undefined>
  renameExperiment(by: Actor, id: string, name: string): Promise<void>
  setExperimentLifecycle(by: Actor, id: string, lifecycle: Lifecycle): Promise<void>
  setExperimentTags(by: Actor, id: string, tags: Tags): Promise<void>
  deleteExperimentTag(by: Actor, id: string, key: string): Promise<void>
  searchExperiments(options: SearchOptions): Promise<Page<Experiment>>

  createRun(by: Actor, run: NewRun): Promise<Run>
  run(id: string): Promise<Run>
  /** Experiment and project of a run, without its data: for permission checks on hot paths (cached). */
  runOwner(id: string): Promise<{ readonly experimentId: string; readonly project: string }>
  updateRun(by: Actor, id: string, change: RunChange): Promise<Run>
  setRunLifecycle(by: Actor, id: string, lifecycle: Lifecycle): Promise<void>
  /**
   * All of the batch or nothing of it; batches of one moment share a commit.
   * @throws RUN_NOT_ACTIVE, PARAMETER_CHANGED, ENTRY_TOO_LONG, METRIC_INVALID
   */
  logBatch(by: Actor, runId: string, batch: LogBatch): Promise<void>
  deleteRunTag(by: Actor, runId: string, key: string): Promise<void>
  logInputs(
    by: Actor,
    runId: string,
    inputs: { datasets: readonly DatasetInput[]; modelIds: readonly string[] },
  ): Promise<void>
  logOutputs(by: Actor, runId: string, outputs: readonly ModelOutput[]): Promise<void>
  searchRuns(
    options: SearchOptions & { readonly experimentIds: readonly string[] },
  ): Promise<Page<Run>>
  /** Runs of each experiment, in the order of their ids; experiments without runs count 0. */
  countRuns(options: {
    readonly experimentIds: readonly string[]
    readonly view?: View | undefined
    readonly projects?: readonly string[] | undefined
  }): Promise<readonly RunCount[]>
  /** All points of a metric, by time, step, value. `maxResults` absent: all of them. */
  metricHistory(options: {
    readonly runId: string
    readonly key: string
    readonly maxResults?: number | undefined
    readonly pageToken?: string | undefined
  }): Promise<Page<MetricPoint>>
  sampleMetricHistory(
    options: SampledMetrics,
  ): Promise<readonly (MetricPoint & { readonly runId: string })[]>
  searchDatasets(experimentIds: readonly string[]): Promise<
    readonly {
      readonly experimentId: string
      readonly name: string
      readonly digest: string
      readonly context: string | null
    }[]
  >

  createLoggedModel(by: Actor, model: NewLoggedModel): Promise<LoggedModel>
  loggedModel(id: string): Promise<LoggedModel>
  finalizeLoggedModel(by: Actor, id: string, status: LoggedModelStatus): Promise<LoggedModel>
  deleteLoggedModel(by: Actor, id: string): Promise<void>
  setLoggedModelTags(by: Actor, id: string, tags: Tags): Promise<LoggedModel>
  deleteLoggedModelTag(by: Actor, id: string, key: string): Promise<void>
  logLoggedModelParameters(by: Actor, id: string, parameters: readonly Parameter[]): Promise<void>
  searchLoggedModels(options: LoggedModelSearch): Promise<Page<LoggedModel>>
}
