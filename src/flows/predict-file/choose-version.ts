import {
  type Environment,
  endpointStateSchema,
  type ModelVersion,
} from '../../core/records/index.ts'
import { endpointName } from '../../stages/deployment/index.ts'
import { findVersion, versionInEnvironment } from '../../stages/registry/index.ts'
import { flowErrors } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { readEndpoint } from '../roll-out.ts'
import { predictFileErrors } from './errors.ts'

/** Which version scores: one by number, the one of an environment, or the endpoint's stable one. */
export type VersionChoice =
  | { readonly version: number }
  | { readonly environment: Environment }
  | 'endpoint'

/**
 * @throws NOTHING_DEPLOYED, ENVIRONMENT_EMPTY, MODEL_NOT_FOUND, VERSION_NOT_FOUND,
 *   VERSION_WITHOUT_RECORD
 */
export async function chooseVersion(
  { store, project }: Pick<Platform, 'store' | 'project'>,
  choice: VersionChoice,
): Promise<ModelVersion> {
  const model = project.name
  return findVersion({ store, model, version: await numberOf({ store, project }, choice) })
}

async function numberOf(
  { store, project }: Pick<Platform, 'store' | 'project'>,
  choice: VersionChoice,
): Promise<number> {
  if (choice === 'endpoint') {
    const endpoint = endpointName(project)
    const { value } = await readEndpoint(store, endpoint)
    if (value === undefined) throw flowErrors.NOTHING_DEPLOYED({ endpoint })
    return endpointStateSchema.parse(value).stable
  }
  if ('version' in choice) return choice.version
  const model = project.name
  const { environment } = choice
  const standing = await versionInEnvironment({ store, model, environment })
  if (standing === undefined) throw predictFileErrors.ENVIRONMENT_EMPTY({ model, environment })
  return standing.version
}
