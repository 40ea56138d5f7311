import type { Environment } from '../../../core/records/index.ts'
import type { Actor, Transaction } from '../../../platform/database/index.ts'
import { type ModelRow, versionRow } from '../catalog/catalog-rows.ts'
import {
  appendEvent,
  environmentChangeOf,
  environmentEvents,
  type RegistryEvent,
} from '../catalog/history.ts'
import { environmentLine } from '../environment-line.ts'
import { registryErrors } from '../errors.ts'
import { evidenceOf, setStanding } from './enter-environment.ts'
import { settleStages } from './settle-stages.ts'

export interface GoingBack {
  readonly model: ModelRow
  readonly environment: Environment
  readonly by: Actor
  readonly reason: string
  readonly atMs: number
}

/**
 * Back to the version before, in the transaction that holds the model. Versions that were deleted or
 * retired since are passed over. It asks for no approval: the version had what it needed before.
 * @throws NOTHING_TO_ROLL_BACK
 */
export async function goBack(transaction: Transaction, going: GoingBack): Promise<RegistryEvent> {
  const { model, environment, by, reason, atMs } = going
  const history = await environmentEvents(transaction, model.number, environment)
  const line = environmentLine(history.map(environmentChangeOf))
  const current = line.at(-1) ?? null
  const usable = await usableVersions(transaction, model.number)
  const target = line
    .slice(0, -1)
    .findLast((version) => version !== null && version !== current && usable.has(version))
  if (target === undefined || target === null) {
    throw registryErrors.NOTHING_TO_ROLL_BACK({ model: model.name, environment, version: current })
  }
  const version = await versionRow(transaction, model, target)
  const event = await appendEvent(transaction, {
    model,
    by,
    atMs,
    subject: 'environment',
    place: environment,
    action: 'rollback',
    version: target,
    previous: current,
    reason,
    evidence: evidenceOf(version),
  })
  await setStanding(transaction, model.number, { environment, version: target })
  await settleStages(transaction, {
    model: model.number,
    versions: [target, current],
    archives: true,
    nowMs: atMs,
  })
  return event
}

async function usableVersions(
  transaction: Transaction,
  model: number,
): Promise<ReadonlySet<number>> {
  const rows = await transaction
    .selectFrom('catalog_versions')
    .select('version')
    .where('model', '=', model)
    .where('deleted_at_ms', 'is', null)
    .where('retired_at_ms', 'is', null)
    .execute()
  return new Set(rows.map(({ version }) => version))
}
