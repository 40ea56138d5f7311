import type { MigrationReport } from '../../../platform/database/index.ts'
import { countText } from './quantities.ts'
import { tableText } from './table.ts'

/** Every step of the schema and how it stands, and what was done. */
export function migrationText({ place, applied, pending, outcome }: MigrationReport): string {
  const became = outcome === 'migrated' ? 'applied now' : 'pending'
  const steps = [
    ...applied.map((name) => [name, 'applied']),
    ...pending.map((name) => [name, became]),
  ]
  return `${tableText(['migration', 'state'], steps)}\n\n${place}: ${summary(outcome, pending.length)}`
}

function summary(outcome: MigrationReport['outcome'], count: number): string {
  if (outcome === 'nothing-pending') return 'the schema is up to date.'
  const steps = countText(count, 'step')
  if (outcome === 'migrated') return `${steps} applied.`
  return `dry run: ${steps} run in a transaction that was rolled back; nothing was changed.`
}
