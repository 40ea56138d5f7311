import type { Transaction } from '../../../platform/database/index.ts'
import { STAGES, type Stage } from '../catalog/registered-model.ts'

export interface SettleStages {
  readonly model: number
  /** Versions that entered or left an environment; null stands for none. */
  readonly versions: readonly (number | null)[]
  /** Whether one that has left everything goes to Archived; else it keeps its stage. */
  readonly archives: boolean
  readonly nowMs: number
}

/** Lets the stages that MLflow clients see follow from the environments. */
export async function settleStages(transaction: Transaction, options: SettleStages): Promise<void> {
  const { model, archives, nowMs } = options
  const versions = options.versions.filter((version) => version !== null)
  if (versions.length === 0) return
  const rows = await transaction
    .selectFrom('catalog_versions')
    .select(['version', 'stage'])
    .where('model', '=', model)
    .where('version', 'in', versions)
    .execute()
  const standings = await transaction
    .selectFrom('catalog_standings')
    .select(['version', 'environment'])
    .where('model', '=', model)
    .execute()
  for (const row of rows) {
    const places = standings
      .filter(({ version }) => version === row.version)
      .map(({ environment }) => environment)
    const stage = stageFor({ places, before: row.stage, archives })
    if (stage === row.stage) continue
    await transaction
      .updateTable('catalog_versions')
      .set({ stage, updated_at_ms: nowMs })
      .where('model', '=', model)
      .where('version', '=', row.version)
      .execute()
  }
}

interface StageFacts {
  readonly places: readonly string[]
  readonly before: string
  readonly archives: boolean
}

function stageFor({ places, before, archives }: StageFacts): Stage {
  if (places.includes('production')) return 'Production'
  if (!archives && before === 'Production') return 'Production'
  if (places.includes('staging')) return 'Staging'
  const held = STAGES.find((stage) => stage === before) ?? 'None'
  return archives && (held === 'Staging' || held === 'Production') ? 'Archived' : held
}
