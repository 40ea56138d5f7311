import type { Actor } from '../../../platform/database/index.ts'
import type { Page, SearchOptions, Tags } from '../../../platform/tracking/index.ts'
import type { CatalogVersion, RegisteredModel, Stage } from './registered-model.ts'

export interface NewCatalogVersion {
  readonly model: string
  readonly source: string
  readonly artifactUri: string
  readonly runId?: string | undefined
  readonly runLink?: string | undefined
  readonly modelId?: string | undefined
  readonly description?: string | undefined
  readonly tags?: Tags | undefined
  readonly user: string
  /** Makes a repeated call the same version again: the belt gives the id of its record. */
  readonly recordId?: string | undefined
  /** What a gate said of it; absent when none has judged it. */
  readonly judgement?:
    | {
        readonly evaluation: string
        readonly verdict: string
        /** Null when the verdict is not known here. */
        readonly outcome: 'yes' | 'no' | null
      }
    | undefined
  /** Milliseconds; now when absent. */
  readonly createdAtMs?: number | undefined
}

/**
 * Registered models and their versions, aliases and stages: one registry for the belt and for
 * MLflow clients.
 *
 * Errors of all: MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND, MODEL_NAME_INVALID,
 * MODEL_TAG_INVALID, and those of the database.
 */
export interface ModelCatalog {
  /** @throws MODEL_EXISTS, MODEL_NAME_INVALID, MODEL_TAG_INVALID */
  createModel(
    by: Actor,
    model: {
      name: string
      project: string
      description?: string | undefined
      tags?: Tags | undefined
      /** Given when a model is brought over; now when absent. */
      createdAtMs?: number | undefined
    },
  ): Promise<RegisteredModel>
  model(name: string): Promise<RegisteredModel>
  findModel(name: string): Promise<RegisteredModel | undefined>
  renameModel(by: Actor, name: string, newName: string): Promise<RegisteredModel>
  describeModel(by: Actor, name: string, description: string): Promise<RegisteredModel>
  /** @throws MODEL_IN_USE when a version stands in staging or production */
  deleteModel(by: Actor, name: string): Promise<void>
  setModelTag(by: Actor, name: string, key: string, value: string): Promise<void>
  deleteModelTag(by: Actor, name: string, key: string): Promise<void>
  searchModels(options: SearchOptions): Promise<Page<RegisteredModel>>
  /** The newest version of each stage, or of the named stages. */
  latestVersions(name: string, stages?: readonly string[]): Promise<readonly CatalogVersion[]>

  createVersion(by: Actor, version: NewCatalogVersion): Promise<CatalogVersion>
  version(model: string, version: number): Promise<CatalogVersion>
  describeVersion(
    by: Actor,
    model: string,
    version: number,
    description: string,
  ): Promise<CatalogVersion>
  /** @throws VERSION_IN_USE when it stands in staging or production, or an endpoint serves it */
  deleteVersion(by: Actor, model: string, version: number): Promise<void>
  setVersionTag(by: Actor, at: VersionTag): Promise<void>
  deleteVersionTag(by: Actor, at: Omit<VersionTag, 'value'>): Promise<void>
  searchVersions(options: SearchOptions): Promise<Page<CatalogVersion>>
  /**
   * Staging and Production enter the environment of that name, by its rules.
   * @throws STAGE_UNKNOWN, APPROVAL_NEEDED and the refusals of a promotion
   */
  transitionStage(
    by: Actor,
    change: {
      readonly model: string
      readonly version: number
      readonly stage: Stage
      readonly archiveExisting: boolean
      readonly reason?: string | undefined
    },
  ): Promise<CatalogVersion>

  /** @throws ALIAS_INVALID */
  setAlias(
    by: Actor,
    change: {
      readonly model: string
      readonly alias: string
      readonly version: number
      readonly reason?: string | undefined
    },
  ): Promise<void>
  deleteAlias(by: Actor, model: string, alias: string): Promise<void>
  versionByAlias(model: string, alias: string): Promise<CatalogVersion>
}

export interface VersionTag {
  readonly model: string
  readonly version: number
  readonly key: string
  readonly value: string
}
