import { randomUUID } from 'node:crypto'
import type { Clock } from '../../core/time/index.ts'
import type { ChangeListener, Database } from '../database/index.ts'
import { BatchQueue } from './batch-queue.ts'
import { checkBatch } from './check-batch.ts'
import { countRuns } from './count-runs.ts'
import { EntryKeys } from './entry-keys.ts'
import { searchExperiments } from './experiment-search.ts'
import { ExperimentStore } from './experiment-store.ts'
import { searchLoggedModels } from './logged-model-search.ts'
import { LoggedModelStore } from './logged-model-store.ts'
import { metricHistory, sampleHistory } from './metric-history.ts'
import { RunInputs } from './run-inputs.ts'
import { searchRuns } from './run-search.ts'
import { checkRunId, RunStore } from './run-store.ts'
import type { TrackingContext } from './tracking-context.ts'
import type { TrackingStore } from './tracking-store.ts'
import { writeGroup } from './write-group.ts'

export interface TrackingStoreOptions {
  readonly clock: Clock
  /** Where artifacts go by default, such as `mlflow-artifacts:/` or `s3://bucket/folder`. */
  readonly defaultArtifactRoot: string
  /** Told of every change, in the change's transaction. */
  readonly listener?: ChangeListener | undefined
  /** The project of the experiment "Default". @default 'default' */
  readonly defaultProject?: string | undefined
  /** Makes the ids of runs and logged models: 32 hexadecimal digits. @default random ones */
  readonly newId?: (() => string) | undefined
}

/** Opens the tracking store on a database; experiment 0, "Default", is there afterwards. */
export async function createTrackingStore(
  database: Database,
  options: TrackingStoreOptions,
): Promise<TrackingStore> {
  const context: TrackingContext = {
    database,
    clock: options.clock,
    listener: options.listener,
    keys: new EntryKeys(database),
    defaultArtifactRoot: options.defaultArtifactRoot,
    newId: options.newId ?? (() => randomUUID().replaceAll('-', '')),
  }
  const experiments = new ExperimentStore(context)
  await experiments.createDefault(options.defaultProject ?? 'default')
  return storeOf(context, experiments)
}

function storeOf(context: TrackingContext, experiments: ExperimentStore): TrackingStore {
  const runs = new RunStore(context)
  const inputs = new RunInputs(context, runs)
  const models = new LoggedModelStore(context)
  const queue = new BatchQueue((group) => writeGroup(context, group))
  return {
    createExperiment: (by, experiment) => experiments.create(by, experiment),
    experiment: (id) => experiments.get(id),
    findExperimentByName: (name) => experiments.findByName(name),
    renameExperiment: (by, id, name) => experiments.rename(by, id, name),
    setExperimentLifecycle: (by, id, lifecycle) => experiments.setLifecycle(by, id, lifecycle),
    setExperimentTags: (by, id, tags) => experiments.setTags(by, id, tags),
    deleteExperimentTag: (by, id, key) => experiments.deleteTag(by, id, key),

    searchExperiments: (query) => searchExperiments(context, experiments, query),

    createRun: (by, run) => runs.create(by, run),
    run: (id) => runs.get(id),
    async runOwner(id) {
      const { experimentId, project } = await runs.owner(id)
      return { experimentId, project }
    },
    updateRun: (by, id, change) => runs.update(by, id, change),
    setRunLifecycle: (by, id, lifecycle) => runs.setLifecycle(by, id, lifecycle),
    async logBatch(by, runId, batch) {
      checkRunId(runId)
      checkBatch(batch, (key) => context.keys.isKnown(key))
      await queue.add({ by, runId, batch })
    },
    deleteRunTag: (by, runId, key) => runs.deleteTag(by, runId, key),
    logInputs: (by, runId, taken) => inputs.logInputs(by, runId, taken),
    logOutputs: (by, runId, outputs) => inputs.logOutputs(by, runId, outputs),
    countRuns: (query) => countRuns(context, query),
    searchRuns: (query) => searchRuns(context, query),
    metricHistory: (query) => metricHistory(context, runs, query),
    sampleMetricHistory: (query) => sampleHistory(context, runs, query),
    searchDatasets: (experimentIds) => inputs.searchDatasets(experimentIds),

    createLoggedModel: (by, model) => models.create(by, model),
    loggedModel: (id) => models.get(id),
    finalizeLoggedModel: (by, id, status) => models.finalize(by, id, status),
    deleteLoggedModel: (by, id) => models.delete(by, id),
    setLoggedModelTags: (by, id, tags) => models.setTags(by, id, tags),
    deleteLoggedModelTag: (by, id, key) => models.deleteTag(by, id, key),
    logLoggedModelParameters: (by, id, parameters) => models.logParameters(by, id, parameters),
    searchLoggedModels: (query) => searchLoggedModels(context, query),
  }
}
