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

export function summarizeProject({ project, store, log }: Platform): ProjectSummary {
  const endpoint = endpointName(project)
  const newest = (environment: Environment) =>
    store.environmentHistory(project.name, environment).at(-1) ?? null
  const environments = Object.fromEntries(
    ENVIRONMENTS.map((environment) => [environment, newest(environment)]),
  )
  return {
    project: project.name,
    environments: environments as ProjectSummary['environments'],
    endpoint: store.readState<EndpointState>(endpointStateName(endpoint)).value ?? null,
    predictions: log.count(endpoint),
    lastRuns: store.list('belt-run', { limit: SHOWN }).map(({ record }) => record),
    lastWindows: store.list('monitor-window', { limit: SHOWN }).map(({ record }) => record),
    lastDecisions: store.list('retraining-decision', { limit: SHOWN }).map(({ record }) => record),
  }
}
