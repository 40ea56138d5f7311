import { gatewayErrors } from '../errors.ts'
import { invalid, optionalFields } from '../parse-request.ts'
import type { ServedEndpoint } from '../served-endpoint.ts'

/** One version as the repository extension lists it. */
export interface IndexedModel {
  readonly name: string
  readonly version: string
  readonly state: 'READY' | 'UNLOADING' | 'UNAVAILABLE'
  /** Why it is not ready: `unloaded` for one that its next request brings back. Empty otherwise. */
  readonly reason: string
}

/** The versions that this process holds, holds still, or failed to load. */
export function indexRepository(
  endpoint: ServedEndpoint,
  { readyOnly }: { readonly readyOnly: boolean },
): readonly IndexedModel[] {
  const states = {
    ready: 'READY',
    unloaded: 'UNAVAILABLE',
    draining: 'UNLOADING',
    failed: 'UNAVAILABLE',
  } as const
  return endpoint.pool
    .report()
    .map(({ version, status, error }) => ({
      name: endpoint.name,
      version: String(version),
      state: states[status],
      reason: error?.message ?? (status === 'unloaded' ? 'unloaded' : ''),
    }))
    .filter(({ state }) => !readyOnly || state === 'READY')
}

export interface RepositoryWish {
  /** Such as `{version}`. */
  readonly parameters: unknown
}

/**
 * Reads the endpoint's state again and loads what it asks for, or one version of the rollout that was
 * unloaded: `parameters.version`.
 * @throws FIELD_UNKNOWN, REPOSITORY_REFUSED
 */
export async function loadModel(endpoint: ServedEndpoint, wish: RepositoryWish): Promise<void> {
  const version = wantedVersion(wish)
  await endpoint.follow({ retry: true })
  if (version !== undefined) {
    const isPart = endpoint.takesPart(version) || version === endpoint.serving?.previous
    if (isPart) await endpoint.pool.ensure([version])
    if (endpoint.pool.loaded().includes(version)) return
    const known = endpoint.pool.failureOf(version)?.message.replace(/\.$/, '')
    throw refused(endpoint, known ?? `version ${version} is no part of its rollout`)
  }
  const { ready, problems } = endpoint.report()
  if (!ready)
    throw refused(endpoint, problems.join('; ').replace(/\.$/, '') || 'nothing is deployed')
}

/**
 * Unloads the version before (`parameters.version`), which is kept for an instant way back. What the
 * rollout gives traffic stays.
 * @throws FIELD_UNKNOWN, REPOSITORY_REFUSED
 */
export async function unloadModel(endpoint: ServedEndpoint, wish: RepositoryWish): Promise<void> {
  const version = wantedVersion(wish)
  const { serving, pool } = endpoint
  if (version === undefined) throw refused(endpoint, 'its rollout decides what answers')
  if (pool.get(version) === undefined) throw refused(endpoint, `version ${version} is not loaded`)
  if (version !== serving?.previous || endpoint.takesPart(version)) {
    throw refused(endpoint, `version ${version} takes part in its rollout`)
  }
  await pool.retire(pool.loaded().filter((loaded) => loaded !== version))
}

function wantedVersion({ parameters }: RepositoryWish): number | undefined {
  const known = ['version', 'unload_dependents']
  const { version } = optionalFields(parameters ?? undefined, 'parameters', known)
  if (version === undefined) return undefined
  const text = String(version)
  if (!/^\d{1,9}$/.test(text)) throw invalid('parameters.version', 'a number', version)
  return Number(text)
}

function refused({ name }: ServedEndpoint, reason: string) {
  return gatewayErrors.REPOSITORY_REFUSED({ model: name, reason })
}
