import type { Experiment, LoggedModel } from '../../platform/tracking/index.ts'
import type { CatalogVersion, RegisteredModel } from '../../stages/registry/catalog/index.ts'
import { mlflowErrors } from './errors.ts'
import type { MlflowPermission } from './mlflow-options.ts'
import { excerpt } from './request-fields.ts'
import type { RouteCall } from './route.ts'

type Call = Omit<RouteCall, 'input'>

/** The experiment, if the caller may. */
export async function allowedExperiment(
  call: Call,
  permission: MlflowPermission,
  id: string,
): Promise<Experiment> {
  const experiment = await call.tracking.experiment(id)
  await call.access.guard(call.request, permission, experiment.project)
  return experiment
}

/** Goes on if the caller may do this with the run. Cheap: it stands before every logged metric. */
export async function allowRun(
  call: Call,
  permission: MlflowPermission,
  runId: string,
): Promise<void> {
  const { project } = await call.tracking.runOwner(runId)
  await call.access.guard(call.request, permission, project)
}

export async function allowedLoggedModel(
  call: Call,
  permission: MlflowPermission,
  id: string,
): Promise<LoggedModel> {
  const model = await call.tracking.loggedModel(id)
  await call.access.guard(call.request, permission, model.project)
  return model
}

export async function allowedModel(
  call: Call,
  permission: MlflowPermission,
  name: string,
): Promise<RegisteredModel> {
  const model = await call.catalog.model(name)
  await call.access.guard(call.request, permission, model.project)
  return model
}

export async function allowedVersion(
  call: Call,
  permission: MlflowPermission,
  at: { readonly name: string; readonly version: number },
): Promise<CatalogVersion> {
  const version = await call.catalog.version(at.name, at.version)
  await call.access.guard(call.request, permission, version.project)
  return version
}

const HEADER = 'x-mlflow-workspace'
const PROJECT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/

/** The project that the workspace header names, if there is one. */
function namedProject({ request }: Call): string | undefined {
  const named = request.headers[HEADER]
  if (named === undefined || named === '') return undefined
  if (typeof named === 'string' && PROJECT.test(named)) return named
  const expected = 'the name of a project: letters, digits, _ . -, at most 100'
  throw mlflowErrors.MLFLOW_FIELD_INVALID({ field: HEADER, expected, got: excerpt(named) })
}

/** Where something new goes, if the caller may put it there. */
export async function projectOfNew(call: Call, permission: MlflowPermission): Promise<string> {
  const project = namedProject(call) ?? call.access.defaultProject(call.request)
  await call.access.guard(call.request, permission, project)
  return project
}

/** Which projects a search looks at; undefined for all of them. */
export function searchedProjects(call: Call): readonly string[] | undefined {
  const named = namedProject(call)
  const readable = call.access.readableProjects(call.request)
  if (readable === 'all') return named === undefined ? undefined : [named]
  return named === undefined ? readable : readable.filter((project) => project === named)
}
