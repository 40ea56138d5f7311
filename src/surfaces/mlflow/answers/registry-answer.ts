import type { CatalogVersion, RegisteredModel } from '../../../stages/registry/catalog/index.ts'
import { tagList } from './experiment-answer.ts'

/** MLflow's `RegisteredModel`. */
export function registeredModelAnswer(model: RegisteredModel) {
  return {
    name: model.name,
    creation_timestamp: model.createdAtMs,
    last_updated_timestamp: model.updatedAtMs,
    description: model.description,
    latest_versions: model.latestVersions.map(modelVersionAnswer),
    tags: tagList(model.tags),
    aliases: model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
  }
}

/** MLflow's `ModelVersion`. */
export function modelVersionAnswer(version: CatalogVersion) {
  return {
    name: version.model,
    version: String(version.version),
    creation_timestamp: version.createdAtMs,
    last_updated_timestamp: version.updatedAtMs,
    user_id: version.user,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.runId ?? '',
    status: version.status,
    status_message: version.statusMessage ?? undefined,
    run_link: version.runLink ?? '',
    tags: tagList(version.tags),
    aliases: version.aliases,
    model_id: version.modelId ?? undefined,
  }
}
