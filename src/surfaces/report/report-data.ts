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
import { environmentHistory } from '../../stages/registry/index.ts'

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

async function oldestFirst<K extends RecordKind>(
  store: RecordStore,
  kind: K,
): Promise<RecordOf<K>[]> {
  const stored = await store.list(kind, { limit: 100_000 })
  return stored.map(({ record }) => record).reverse()
}

/** Those of some records that there are. */
async function fetched<K extends RecordKind>(
  store: RecordStore,
  kind: K,
  ids: readonly (string | null | undefined)[],
): Promise<RecordOf<K>[]> {
  const known = ids.filter((id) => typeof id === 'string')
  const records = await Promise.all(known.map((id) => store.get(kind, id)))
  return records.filter((record) => record !== undefined)
}

function newestByName<T>(items: readonly T[], name: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [name(item), item])).values()]
}

async function gatherContest(store: RecordStore, run: BeltRun) {
  const [evaluations, verdicts, runs, failedRuns, tunings] = await Promise.all([
    fetched(store, 'evaluation', run.evaluations),
    fetched(store, 'verdict', run.verdicts),
    fetched(store, 'run', run.runs),
    fetched(store, 'failed-run', run.failedRuns),
    fetched(store, 'tuning', run.tunings),
  ])
  const [evaluation] = await fetched(store, 'evaluation', [verdicts.at(-1)?.evaluation])
  const ranking = evaluations.filter((e) => e.part === 'validation')
  return { runs, failedRuns, ranking, evaluation, tunings, verdicts }
}

/** What the model of a run was made of; of a run without one, the newest there is. */
async function gatherSources(store: RecordStore, own: ModelVersion | undefined) {
  if (own === undefined) {
    const [snapshots, tables] = await Promise.all([
      oldestFirst(store, 'snapshot'),
      oldestFirst(store, 'feature-table'),
    ])
    return {
      snapshots: newestByName(snapshots, (s) => s.source),
      featureTables: newestByName(tables, (t) => t.view),
    }
  }
  const ids = (digests: Readonly<Record<string, string>>) =>
    Object.entries(digests).map(([name, digest]) => `${name}@${digest.slice(0, 16)}`)
  const [snapshots, featureTables] = await Promise.all([
    fetched(store, 'snapshot', ids(own.lineage.snapshots)),
    fetched(store, 'feature-table', ids(own.lineage.featureTables)),
  ])
  return { snapshots, featureTables }
}

async function gatherPreparation(store: RecordStore, run: BeltRun) {
  const [[dataset], [frame], [feasibility], [selection]] = await Promise.all([
    fetched(store, 'dataset', [run.dataset]),
    fetched(store, 'frame', [run.frame]),
    fetched(store, 'feasibility', [run.feasibility]),
    oldestFirst(store, 'selection'),
  ])
  return { dataset, frame, feasibility, selection }
}

/** What happened at the endpoint since. */
async function gatherLife(store: RecordStore, project: Project) {
  const endpoint = endpointName(project)
  const [state, changes, rollouts, windows, decisions, outcomes] = await Promise.all([
    store.readState<EndpointState>(endpointStateName(endpoint)),
    environmentHistory({ store, model: project.name }),
    oldestFirst(store, 'rollout-decision'),
    oldestFirst(store, 'monitor-window'),
    oldestFirst(store, 'retraining-decision'),
    oldestFirst(store, 'retraining-outcome'),
  ])
  return {
    environmentChanges: changes,
    endpoint: state.value,
    rollouts: rollouts.filter((d) => d.endpoint === endpoint),
    windows: windows
      .filter((w) => w.endpoint === endpoint)
      .sort((a, b) => a.from.localeCompare(b.from)),
    decisions: decisions.filter((d) => d.endpoint === endpoint),
    outcomes,
    challengerVerdicts: await fetched(
      store,
      'verdict',
      outcomes.map((outcome) => outcome.verdict),
    ),
  }
}

/** Gathers a report's records; undefined when the belt has never run. */
export async function gatherReportData(
  project: Project,
  store: RecordStore,
): Promise<ReportData | undefined> {
  const ran = await oldestFirst(store, 'belt-run')
  const travels = ran.filter((travel) => travel.project === project.name)
  const run = travels.findLast((travel) => travel.cause === 'by hand') ?? travels.at(-1)
  if (run === undefined) return undefined
  const registered = await oldestFirst(store, 'model-version')
  const versions = registered.sort((a, b) => a.version - b.version)
  const own = versions.find((version) => version.version === run.version)
  const [sources, preparation, contest, life, versionEvaluations] = await Promise.all([
    gatherSources(store, own),
    gatherPreparation(store, run),
    gatherContest(store, run),
    gatherLife(store, project),
    fetched(
      store,
      'evaluation',
      versions.map((version) => version.lineage.evaluation),
    ),
  ])
  return {
    project,
    run,
    travels: travels.filter((travel) => travel.cause !== 'by hand' || travel.id === run.id),
    ...sources,
    ...preparation,
    ...contest,
    versions,
    versionEvaluations,
    ...life,
  }
}
