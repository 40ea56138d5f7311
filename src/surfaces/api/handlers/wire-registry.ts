import type { CatalogVersion, RegisteredModel } from '../../../stages/registry/catalog/index.ts'
import type { VersionComparison } from '../../../stages/registry/index.ts'

/** The API's shape of a version. */
export function wireVersion(version: CatalogVersion) {
  const { runLink, ...rest } = version
  return {
    ...rest,
    aliases: [...version.aliases],
    environments: [...version.environments],
  }
}

/** The API's shape of a registered model. */
export function wireModel(model: RegisteredModel) {
  return {
    ...model,
    aliases: [...model.aliases],
    latestVersions: model.latestVersions.map(wireVersion),
  }
}

/** The API's shape of a comparison. */
export function wireComparison(comparison: VersionComparison) {
  const { metrics, candidate, parameters, signature, lineage } = comparison
  return {
    ...comparison,
    metrics: [...metrics],
    candidate: [...candidate],
    parameters: [...parameters],
    signature: [...signature],
    lineage: [...lineage],
  }
}
