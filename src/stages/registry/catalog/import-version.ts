import type { Environment } from '../../../core/records/index.ts'
import type {
  Actor,
  ChangeListener,
  Database,
  Transaction,
} from '../../../platform/database/index.ts'
import { setStanding } from '../governance/enter-environment.ts'
import { leaveEnvironment } from '../governance/leave-environment.ts'
import { changeBy, versionSubject } from './catalog-core.ts'
import { lockModel, type ModelRow, type VersionRow } from './catalog-rows.ts'
import { catalogErrors } from './errors.ts'
import { appendEvent } from './history.ts'
import type { NewCatalogVersion } from './model-catalog.ts'
import { requireTags } from './names.ts'
import { insertVersion } from './register-catalog-version.ts'
import type { CatalogVersion, Stage } from './registered-model.ts'

/** A version as another registry has it, with its number and stage. */
export interface ImportedVersion extends NewCatalogVersion {
  /** 1 or more; gaps stay gaps. */
  readonly version: number
  readonly stage: Stage
  readonly status: CatalogVersion['status']
  /** Why it stands in its stage, for the history. */
  readonly reason: string
}

export interface VersionImport {
  readonly by: Actor
  readonly given: ImportedVersion
  readonly nowMs: number
  readonly listener?: ChangeListener | undefined
}

interface Held {
  readonly by: Actor
  readonly model: ModelRow
  readonly given: ImportedVersion
  readonly nowMs: number
}

const BEHIND: Partial<Record<Stage, Environment>> = {
  Staging: 'staging',
  Production: 'production',
}

/**
 * Brings a version over under its own number, into its own stage: what was decided elsewhere is
 * taken over, so no rule of promotion is asked. Again, it brings over what changed since, and changes
 * nothing when nothing did. Returns whether something changed.
 * @throws MODEL_NOT_FOUND, MODEL_TAG_INVALID, VERSION_RECORDED when the number is another version's
 */
export function importVersion(
  database: Database,
  { by, given, nowMs, listener }: VersionImport,
): Promise<boolean> {
  requireTags(given.tags ?? {})
  return database.transaction(async (transaction) => {
    const model = await lockModel(transaction, given.model)
    const held: Held = { by, model, given, nowMs }
    const known = await transaction
      .selectFrom('catalog_versions')
      .selectAll()
      .where('model', '=', model.number)
      .where('version', '=', given.version)
      .executeTakeFirst()
    if (known !== undefined) requireSame(known, given)
    const row = known ?? (await insert(transaction, held))
    const described = await describe(transaction, held, row)
    const staged = await settleStage(transaction, held, row)
    const changed = known === undefined || described || staged
    if (changed) {
      const { version, source, stage, description, tags } = given
      const change = changeBy(by, {
        action: 'version.import',
        subject: versionSubject(model.name, version),
        project: model.project,
        after: { source, stage, description: description ?? '', tags: tags ?? {} },
        reason: given.reason,
      })
      await listener?.(transaction, [change])
    }
    return changed
  })
}

async function insert(
  transaction: Transaction,
  { model, given, nowMs }: Held,
): Promise<VersionRow> {
  const row = await insertVersion(transaction, { model, given, nowMs, number: given.version })
  if (given.status !== 'READY') await update(transaction, row, { status: given.status })
  return row
}

/** A version never changes what it is made of, and a deleted one does not come back. */
function requireSame(row: VersionRow, given: ImportedVersion): void {
  const isSame =
    row.deleted_at_ms === null &&
    row.source === given.source &&
    row.run_id === (given.runId ?? null) &&
    row.model_id === (given.modelId ?? null)
  if (isSame) return
  const record = row.deleted_at_ms === null ? row.source : 'deleted here'
  throw catalogErrors.VERSION_RECORDED({ model: given.model, version: row.version, record })
}

async function describe(
  transaction: Transaction,
  { given }: Held,
  row: VersionRow,
): Promise<boolean> {
  const { description = '', tags = {} } = given
  const isOther = row.description !== description
  if (isOther) await update(transaction, row, { description })
  const { model, version } = row
  const stored = await transaction
    .selectFrom('catalog_version_tags')
    .select(['key', 'value'])
    .where('model', '=', model)
    .where('version', '=', version)
    .execute()
  const values = new Map(stored.map(({ key, value }) => [key, value]))
  const missing = Object.entries(tags).filter(([key, value]) => values.get(key) !== value)
  for (const [key, value] of missing)
    await transaction
      .insertInto('catalog_version_tags')
      .values({ model, version, key, value })
      .onConflict((conflict) =>
        conflict.columns(['model', 'version', 'key']).doUpdateSet({ value }),
      )
      .execute()
  return isOther || missing.length > 0
}

async function settleStage(
  transaction: Transaction,
  { by, model, given, nowMs: atMs }: Held,
  row: VersionRow,
): Promise<boolean> {
  const { stage, version, reason } = given
  if (row.stage === stage) return false
  await update(transaction, row, { stage })
  const event = { model, by, atMs, version, previous: null, reason }
  await appendEvent(transaction, { ...event, subject: 'stage', place: stage, action: 'set' })
  const standings = await transaction
    .selectFrom('catalog_standings')
    .select(['environment', 'version'])
    .where('model', '=', model.number)
    .execute()
  const left = BEHIND[row.stage as Stage]
  if (left && standings.some((one) => one.environment === left && one.version === version))
    await leaveEnvironment(transaction, { model, environment: left, version, by, reason, atMs })
  const environment = BEHIND[stage]
  const before = standings.find((one) => one.environment === environment)?.version ?? null
  // Several versions may share a stage there; one stands in an environment here: the newest.
  if (environment === undefined || (before ?? 0) > version) return true
  const place = { subject: 'environment', place: environment, action: 'promote' } as const
  await appendEvent(transaction, { ...event, ...place, previous: before })
  await setStanding(transaction, model.number, { environment, version })
  return true
}

async function update(
  transaction: Transaction,
  { model, version }: VersionRow,
  set: { readonly stage?: Stage; readonly description?: string; readonly status?: string },
): Promise<void> {
  await transaction
    .updateTable('catalog_versions')
    .set(set)
    .where('model', '=', model)
    .where('version', '=', version)
    .execute()
}
