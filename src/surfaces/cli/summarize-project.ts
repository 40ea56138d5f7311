import {
  type BeltRun,
  ENVIRONMENTS,
  type EndpointState,
  type Environment,
  type EnvironmentChange,
  type MonitorWindow,
  type RetrainingDecision,
} from '../../core/records/index.ts'
import type { Platform } from '../../flows/index.ts'
import { endpointName, endpointStateName } from '../../stages/deployment/index.ts'
import { environmentHistory } from '../../stages/registry/index.ts'

const SHOWN = 5

/** Where a project stands, from its records. */
export interface ProjectSummary {
  readonly project: string
  readonly environments: Readonly<Record<Environment, EnvironmentChange | null>>
  readonly endpoint: EndpointState | null
  readonly predictions: number
  readonly lastRuns: readonly BeltRun[]
  readonly lastWindows: readonly MonitorWindow[]
  readonly lastDecisions: readonly RetrainingDecision[]
}

export async function summarizeProject({ project, store, log }: Platform): Promise<ProjectSummary> {
  const endpoint = endpointName(project)
  const newest = async (environment: Environment) =>
    (await environmentHistory({ store, model: project.name, environment })).at(-1) ?? null
  const [standing, state, predictions, runs, windows, decisions] = await Promise.all([
    Promise.all(ENVIRONMENTS.map(async (name) => [name, await newest(name)] as const)),
    store.readState<EndpointState>(endpointStateName(endpoint)),
    log.count(endpoint),
    store.list('belt-run', { limit: SHOWN }),
    store.list('monitor-window', { limit: SHOWN }),
    store.list('retraining-decision', { limit: SHOWN }),
  ])
  return {
    project: project.name,
    environments: Object.fromEntries(standing) as ProjectSummary['environments'],
    endpoint: state.value ?? null,
    predictions,
    lastRuns: runs.map(({ record }) => record),
    lastWindows: windows.map(({ record }) => record),
    lastDecisions: decisions.map(({ record }) => record),
  }
}
