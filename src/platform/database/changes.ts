import type { Transaction } from './database.ts'

/** Who does something, and from where. */
export interface Actor {
  /** A user's or service account's name; `local` on a machine without logins; a part of the platform. */
  readonly name: string
  /** An address, `cli`, or `platform`. */
  readonly from: string
}

/** One change of what is stored, as the audit trail keeps it. */
export interface Change {
  readonly actor: Actor
  /** Noun and verb, such as `run.create`. */
  readonly action: string
  /** What was changed, such as `run/8f0c…` or `model/churn/version/3`. */
  readonly subject: string
  /** The project whose roles govern the subject. */
  readonly project: string
  /** SHA-256 of the canonical content before; null when there was none or none is compared. */
  readonly before: string | null
  /** SHA-256 of the canonical content after; null when it is gone. */
  readonly after: string | null
  /** Why, when the caller said so. */
  readonly reason: string | null
}

/**
 * Told of changes inside the transaction that makes them, so that a change and its entry are kept
 * together or not at all.
 */
export type ChangeListener = (transaction: Transaction, changes: readonly Change[]) => Promise<void>
