import { digestOfValue } from '../../../core/identity/index.ts'
import type { Clock } from '../../../core/time/index.ts'
import type {
  Actor,
  Change,
  ChangeListener,
  Database,
  Transaction,
} from '../../../platform/database/index.ts'

/** One version of one model, by name, for those who may depend on it. */
export interface VersionUse {
  readonly model: string
  readonly project: string
  readonly version: number
}

/**
 * What outside the registry depends on a version, in words such as `endpoint delays (canary)`.
 * It asks nothing but queries of the transaction.
 */
export type FindDependents = (
  transaction: Transaction,
  use: VersionUse,
) => Promise<readonly string[]>

/** What every part of the catalog is made over. */
export interface CatalogCore {
  readonly database: Database
  readonly clock: Clock
  readonly listener: ChangeListener
  readonly findDependents: FindDependents
}

/** What a piece of work gives back, and what it did for the audit trail. */
export interface Outcome<T> {
  readonly value: T
  readonly changes: readonly Change[]
}

/** Work and its audit entries in one transaction. */
export function changing<T>(
  { database, listener }: CatalogCore,
  work: (transaction: Transaction) => Promise<Outcome<T>>,
): Promise<T> {
  return database.transaction(async (transaction) => {
    const { value, changes } = await work(transaction)
    if (changes.length > 0) await listener(transaction, changes)
    return value
  })
}

export interface ChangeParts {
  readonly action: string
  readonly subject: string
  readonly project: string
  /** The content before and after; digested here. Absent when there is none. */
  readonly before?: unknown
  readonly after?: unknown
  readonly reason?: string | undefined
}

export function changeBy(actor: Actor, parts: ChangeParts): Change {
  const { action, subject, project, before, after, reason } = parts
  return {
    actor,
    action,
    subject,
    project,
    before: before === undefined ? null : digestOfValue(before),
    after: after === undefined ? null : digestOfValue(after),
    reason: reason ?? null,
  }
}

export function modelSubject(model: string): string {
  return `model/${model}`
}

export function versionSubject(model: string, version: number): string {
  return `model/${model}/version/${version}`
}
