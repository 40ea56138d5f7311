import type { Environment } from '../../../core/records/index.ts'
import type { Actor, Transaction } from '../../../platform/database/index.ts'
import { enterEnvironment } from '../governance/enter-environment.ts'
import { leaveEnvironment } from '../governance/leave-environment.ts'
import { assembleVersion } from './assemble-version.ts'
import { type CatalogCore, changeBy, changing, versionSubject } from './catalog-core.ts'
import { lockModel, type ModelRow, touch, type VersionRow, versionRow } from './catalog-rows.ts'
import { catalogErrors } from './errors.ts'
import { appendEvent } from './history.ts'
import type { ModelCatalog } from './model-catalog.ts'
import { requireStage } from './names.ts'
import type { CatalogVersion, Stage } from './registered-model.ts'

type StageChange = Parameters<ModelCatalog['transitionStage']>[1]

/** The environment that a version enters with its stage. */
const ENTERED: Partial<Record<Stage, Environment>> = {
  Staging: 'staging',
  Production: 'production',
}

/** The environments that a version leaves with its stage: those above the one that it enters. */
const LEFT: Readonly<Record<Stage, readonly Environment[]>> = {
  None: ['staging', 'production'],
  Staging: ['production'],
  Production: [],
  Archived: ['development', 'staging', 'production'],
}

interface Transition {
  readonly model: ModelRow
  readonly version: VersionRow
  readonly stage: Stage
  readonly by: Actor
  readonly reason: string
  readonly atMs: number
}

/** Sets the stage that clients see, and moves the version through the environments behind it. */
export async function transitionStage(
  core: CatalogCore,
  by: Actor,
  change: StageChange,
): Promise<CatalogVersion> {
  const stage = requireStage(change.stage)
  const environment = ENTERED[stage]
  if (change.archiveExisting && environment === undefined) {
    throw catalogErrors.STAGE_NOT_ARCHIVING({ stage })
  }
  const reason = change.reason ?? `stage set to ${stage} by a client`
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, change.model)
    const version = await versionRow(transaction, model, change.version)
    const atMs = core.clock.now()
    const transition: Transition = { model, version, stage, by, reason, atMs }
    await leaveHigher(transaction, transition)
    if (environment !== undefined) {
      const entry = { model, version, environment, by, reason, atMs, archivesLeaving: false }
      await enterEnvironment(transaction, entry)
    }
    if (change.archiveExisting) await archiveOthers(transaction, transition)
    await setStage(transaction, { ...transition, version: version.version })
    await touch(transaction, { model: model.number, version: version.version, nowMs: atMs })
    const audit = changeBy(by, {
      action: 'version.stage',
      subject: versionSubject(model.name, version.version),
      project: model.project,
      before: { stage: version.stage },
      after: { stage },
      reason,
    })
    const row = await versionRow(transaction, model, version.version)
    return { value: await assembleVersion(transaction, row), changes: [audit] }
  })
}

async function leaveHigher(transaction: Transaction, transition: Transition): Promise<void> {
  const { model, version, stage, by, reason, atMs } = transition
  if (LEFT[stage].length === 0) return
  const standings = await transaction
    .selectFrom('catalog_standings')
    .select('environment')
    .where('model', '=', model.number)
    .where('version', '=', version.version)
    .execute()
  const held = new Set(standings.map((standing) => standing.environment))
  for (const environment of LEFT[stage].filter((name) => held.has(name))) {
    const exit = { model, environment, version: version.version, by, reason, atMs }
    await leaveEnvironment(transaction, exit)
  }
}

/** Every other version of the stage becomes archived and leaves what it stood in. */
async function archiveOthers(transaction: Transaction, transition: Transition): Promise<void> {
  const { model, version, stage } = transition
  const others = await transaction
    .selectFrom('catalog_versions')
    .selectAll()
    .where('model', '=', model.number)
    .where('version', '!=', version.version)
    .where('stage', '=', stage)
    .where('deleted_at_ms', 'is', null)
    .orderBy('version')
    .execute()
  for (const other of others) {
    const archiving: Transition = { ...transition, version: other, stage: 'Archived' }
    await leaveHigher(transaction, archiving)
    await setStage(transaction, { ...archiving, version: other.version })
    const at = { model: model.number, version: other.version, nowMs: transition.atMs }
    await touch(transaction, at)
  }
}

async function setStage(
  transaction: Transaction,
  transition: Omit<Transition, 'version'> & { readonly version: number },
): Promise<void> {
  const { model, version, stage, by, reason, atMs } = transition
  await transaction
    .updateTable('catalog_versions')
    .set({ stage })
    .where('model', '=', model.number)
    .where('version', '=', version)
    .execute()
  await appendEvent(transaction, {
    model,
    by,
    atMs,
    subject: 'stage',
    place: stage,
    action: 'set',
    version,
    previous: null,
    reason,
  })
}
