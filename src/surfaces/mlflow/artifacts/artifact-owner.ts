import type { FastifyRequest } from 'fastify'
import { isPlatformError } from '../../../core/errors/index.ts'
import type { ArtifactOptions } from './artifact-options.ts'
import { artifactProxyErrors } from './errors.ts'

/** Stands for every project, as in the table of permissions. */
const SERVER = '*'
const RUN_ID = /^[0-9a-f]{32}$/
const MODEL_ID = /^m-[0-9a-f]{32}$/

interface Owner {
  readonly project: string
  /** Whether files may be put there: deleted runs and experiments take none. */
  readonly isActive: boolean
}

/** Goes on when the caller may read what lies at a path of the proxy. */
export async function allowReading(
  options: ArtifactOptions,
  request: FastifyRequest,
  path: string,
): Promise<void> {
  const owner = await ownerOf(options, path)
  if (owner === undefined) await options.guard(request, 'server:admin', SERVER)
  else await options.guard(request, 'artifacts:read', owner.project)
}

/**
 * Goes on when the caller may write at a path of the proxy, or delete there.
 * @throws ARTIFACT_OWNER_UNKNOWN when no active run or logged model owns it
 */
export async function allowWriting(
  options: ArtifactOptions,
  request: FastifyRequest,
  path: string,
): Promise<void> {
  const owner = await ownerOf(options, path)
  if (owner === undefined) await options.guard(request, 'server:admin', SERVER)
  else await options.guard(request, 'artifacts:write', owner.project)
  if (owner?.isActive !== true) throw artifactProxyErrors.ARTIFACT_OWNER_UNKNOWN({ path })
}

/**
 * Whose files lie at a path: the run's or logged model's whose artifact URI leads there. A path that
 * only looks like theirs is nobody's.
 */
async function ownerOf(options: ArtifactOptions, path: string): Promise<Owner | undefined> {
  const names = path.split('/')
  for (const name of names) {
    const owner = await ownerNamed(options, name)
    if (owner === undefined) continue
    return lies(path, owner.artifactUri) ? owner : undefined
  }
  return experimentOwner(options, names)
}

/** What lies directly in an experiment's folder belongs to its project, for listing. */
async function experimentOwner(
  { tracking }: ArtifactOptions,
  [id = '', ...rest]: readonly string[],
): Promise<Owner | undefined> {
  if (!/^\d{1,18}$/.test(id) || rest.length > 1) return undefined
  const experiment = await unlessUnknown(tracking.experiment(id))
  if (experiment === undefined || !uriLeadsTo(experiment.artifactLocation, id)) return undefined
  return { project: experiment.project, isActive: false }
}

async function ownerNamed({ tracking }: ArtifactOptions, name: string) {
  const found = RUN_ID.test(name)
    ? await unlessUnknown(tracking.run(name))
    : MODEL_ID.test(name)
      ? await unlessUnknown(tracking.loggedModel(name))
      : undefined
  if (found === undefined) return undefined
  const isActive = found.lifecycle === 'active'
  return { project: found.project, artifactUri: found.artifactUri, isActive }
}

/** In the artifacts of the URI, or the folder of the run or model right above them. */
function lies(path: string, artifactUri: string): boolean {
  const root = proxyPathOf(artifactUri)
  if (root === undefined) return false
  return path === root || path.startsWith(`${root}/`) || `${path}/artifacts` === root
}

function uriLeadsTo(uri: string, path: string): boolean {
  return proxyPathOf(uri) === path
}

/** The path that a `mlflow-artifacts:` URI leads to; undefined for other URIs. */
export function proxyPathOf(uri: string): string | undefined {
  const [, path] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*?)\/*$/i.exec(uri) ?? []
  return path
}

async function unlessUnknown<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isPlatformError(error) && error.status === 404) return undefined
    throw error
  }
}
