import type { Environment, EnvironmentChange } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { findModelRow } from './catalog/catalog-rows.ts'
import { environmentChangeOf, environmentEvents } from './catalog/history.ts'

export interface EnvironmentHistoryOptions {
  readonly store: RecordStore
  readonly model: string
  /** All of them when absent. */
  readonly environment?: Environment
}

/** What changed in a model's environments, oldest first; nothing when there is no such model. */
export async function environmentHistory(
  options: EnvironmentHistoryOptions,
): Promise<EnvironmentChange[]> {
  const { store, model, environment } = options
  const row = await findModelRow(store.queries, model)
  if (row === undefined) return []
  const events = await environmentEvents(store.queries, row.number, environment)
  return events.map(environmentChangeOf)
}
