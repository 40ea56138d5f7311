import type {
  BeltRun,
  DatasetRecord,
  EndpointState,
  EnvironmentChange,
  Evaluation,
  FailedRun,
  Feasibility,
  FeatureTable,
  Frame,
  ModelVersion,
  MonitorWindow,
  Project,
  RecordKind,
  RecordOf,
  RetrainingDecision,
  RetrainingOutcome,
  RolloutDecision,
  Run,
  Selection,
  Snapshot,
  TuningResult,
  Verdict,
} from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { endpointName, endpointStateName } from '../../stages/deployment/index.ts'

/** Everything a report shows: the newest belt run by hand in detail, and the life that followed. */
export interface ReportData {
  readonly project: Project
  readonly run: BeltRun
  /** All travels of the belt, the oldest first. */
  readonly travels: readonly BeltRun[]
  readonly snapshots: readonly Snapshot[]
  readonly featureTables: readonly FeatureTable[]
  readonly dataset: DatasetRecord | undefined
  readonly frame: Frame | undefined
  readonly feasibility: Feasibility | undefined
  readonly selection: Selection | undefined
  readonly runs: readonly Run[]
  readonly failedRuns: readonly FailedRun[]
  /** On the validation rows, the best first. */
  readonly ranking: readonly Evaluation[]
  /** The best candidate on the test rows; undefined when the belt stopped before. */
  readonly evaluation: Evaluation | undefined
  readonly tunings: readonly TuningResult[]
  readonly verdicts: readonly Verdict[]
  readonly versions: readonly ModelVersion[]
  /** Test evaluation of each version. */
  readonly versionEvaluations: readonly Evaluation[]
  readonly environmentChanges: readonly EnvironmentChange[]
  readonly endpoint: EndpointState | undefined
  readonly rollouts: readonly RolloutDecision[]
  readonly windows: readonly MonitorWindow[]
  readonly decisions: readonly RetrainingDecision[]
  readonly outcomes: readonly RetrainingOutcome[]
  readonly challengerVerdicts: readonly Verdict[]
}

function oldestFirst<K extends RecordKind>(store: RecordStore, kind: K): RecordOf<K>[] {
  return store
    .list(kind, { limit: 100_000 })
    .map(({ record }) => record)
    .reverse()
}

function found<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item) => item !== undefined)
}

function newestByName<T>(items: readonly T[], name: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [name(item), item])).values()]
}

function gatherContest(store: RecordStore, run: BeltRun) {
  const evaluations = found(run.evaluations.map((id) => store.get('evaluation', id)))
  const verdicts = found(run.verdicts.map((id) => store.get('verdict', id)))
  const judged = verdicts.at(-1)?.evaluation
  return {
    runs: found(run.runs.map((id) => store.get('run', id))),
    failedRuns: found(run.failedRuns.map((id) => store.get('failed-run', id))),
    ranking: evaluations.filter((e) => e.part === 'validation'),
    evaluation: judged === undefined ? undefined : store.get('evaluation', judged),
    tunings: found(run.tunings.map((id) => store.get('tuning', id))),
    verdicts,
  }
}

/** Gathers a report's records; undefined when the belt has never run. */
export function gatherReportData(project: Project, store: RecordStore): ReportData | undefined {
  const travels = oldestFirst(store, 'belt-run').filter((travel) => travel.project === project.name)
  const run = travels.findLast((travel) => travel.cause === 'by hand') ?? travels.at(-1)
  if (run === undefined) return undefined
  const versions = oldestFirst(store, 'model-version').sort((a, b) => a.version - b.version)
  const own = versions.find((version) => version.version === run.version)
  const snapshotIds = Object.entries(own?.lineage.snapshots ?? {}).map(
    ([name, digest]) => `${name}@${digest.slice(0, 16)}`,
  )
  const tableIds = Object.entries(own?.lineage.featureTables ?? {}).map(
    ([name, digest]) => `${name}@${digest.slice(0, 16)}`,
  )
  const endpoint = endpointName(project)
  const outcomes = oldestFirst(store, 'retraining-outcome')
  return {
    project,
    run,
    travels: travels.filter((travel) => travel.cause !== 'by hand' || travel.id === run.id),
    snapshots:
      own === undefined
        ? newestByName(oldestFirst(store, 'snapshot'), (s) => s.source)
        : found(snapshotIds.map((id) => store.get('snapshot', id))),
    featureTables:
      own === undefined
        ? newestByName(oldestFirst(store, 'feature-table'), (t) => t.view)
        : found(tableIds.map((id) => store.get('feature-table', id))),
    dataset: run.dataset === null ? undefined : store.get('dataset', run.dataset),
    frame: run.frame === null ? undefined : store.get('frame', run.frame),
    feasibility: run.feasibility === null ? undefined : store.get('feasibility', run.feasibility),
    selection: oldestFirst(store, 'selection').at(0),
    ...gatherContest(store, run),
    versions,
    versionEvaluations: found(versions.map((v) => store.get('evaluation', v.lineage.evaluation))),
    environmentChanges: store.environmentHistory(project.name),
    endpoint: store.readState<EndpointState>(endpointStateName(endpoint)).value,
    rollouts: oldestFirst(store, 'rollout-decision').filter((d) => d.endpoint === endpoint),
    windows: oldestFirst(store, 'monitor-window')
      .filter((w) => w.endpoint === endpoint)
      .sort((a, b) => a.from.localeCompare(b.from)),
    decisions: oldestFirst(store, 'retraining-decision').filter((d) => d.endpoint === endpoint),
    outcomes,
    challengerVerdicts: found(
      outcomes.map((o) => (o.verdict === null ? undefined : store.get('verdict', o.verdict))),
    ),
  }
}
