import { ENVIRONMENTS, type ModelVersion } from '../../core/records/index.ts'
import { isoTime, systemClock } from '../../core/time/index.ts'
import { catalogErrors, createModelCatalog } from '../../stages/registry/catalog/index.ts'
import type { Platform } from '../platform.ts'
import { chooseVersion, type VersionChoice } from '../predict-file/choose-version.ts'

/**
 * Which version goes into an image: a number, an environment (`production`), an alias (`champion`),
 * or `endpoint` for what the endpoint serves now.
 */
export type ImageVersion = number | string

/**
 * @throws NOTHING_DEPLOYED, ENVIRONMENT_EMPTY, MODEL_NOT_FOUND, VERSION_NOT_FOUND,
 *   VERSION_WITHOUT_RECORD, VERSION_RETIRED, ALIAS_NOT_FOUND
 */
export async function chooseForImage(
  parts: Pick<Platform, 'store' | 'project' | 'database'>,
  wanted: ImageVersion,
): Promise<ModelVersion> {
  const catalog = createModelCatalog(parts.database, { clock: systemClock })
  const model = parts.project.name
  const version = await chooseVersion(parts, await choiceOf(wanted))
  const { retiredAtMs } = await catalog.version(model, version.version)
  if (retiredAtMs === null) return version
  const at = isoTime(retiredAtMs)
  throw catalogErrors.VERSION_RETIRED({ model, version: version.version, at })

  async function choiceOf(text: ImageVersion): Promise<VersionChoice> {
    if (typeof text === 'number') return { version: text }
    if (text === 'endpoint') return 'endpoint'
    const environment = ENVIRONMENTS.find((name) => name === text)
    if (environment !== undefined) return { environment }
    return { version: (await catalog.versionByAlias(model, text)).version }
  }
}
