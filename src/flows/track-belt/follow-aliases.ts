import type { Environment } from '../../core/records/index.ts'
import { versionInEnvironment } from '../../stages/registry/index.ts'
import type { Platform } from '../platform.ts'

/**
 * Lets the aliases of the project's model follow its environments: `champion` is what stands in
 * production, `challenger` what stands in staging and is not the champion. An alias with nothing to
 * point to is removed. What stands right is left alone.
 */
export async function followAliases(
  platform: Pick<Platform, 'project' | 'store' | 'actor' | 'catalog'>,
): Promise<void> {
  const { project, store, actor } = platform
  const catalog = await platform.catalog()
  const model = await catalog.findModel(project.name)
  if (model === undefined) return
  const standing = async (environment: Environment) =>
    (await versionInEnvironment({ store, model: model.name, environment }))?.version
  const champion = await standing('production')
  const staged = await standing('staging')
  const wanted = [
    { alias: 'champion', version: champion, reason: 'stands in production' },
    {
      alias: 'challenger',
      version: staged === champion ? undefined : staged,
      reason: 'stands in staging',
    },
  ]
  for (const { alias, version, reason } of wanted) {
    const now = model.aliases.find((known) => known.alias === alias)?.version
    if (now === version) continue
    if (version === undefined) await catalog.deleteAlias(actor, model.name, alias)
    else await catalog.setAlias(actor, { model: model.name, alias, version, reason })
  }
}
