import type { SqlValue } from './table-engine.ts'

export type FeatureValue = number | string | null

export interface OnlineRow {
  /** Values of the entity's keys, in the entity's order. */
  readonly keys: readonly SqlValue[]
  readonly values: Readonly<Record<string, FeatureValue>>
  /** When the fact happened, in milliseconds. */
  readonly eventTimeMs: number
}

/**
 * The newest value of each entity in each feature view. An older event never replaces a newer one.
 * Writes are atomic per call and visible to other processes at once.
 */
export interface OnlineStore {
  put(view: string, rows: readonly OnlineRow[]): void
  get(view: string, keys: readonly SqlValue[]): OnlineRow | undefined
  /** Forgets all rows of a view (before a replay starts over). */
  clear(view: string): void
  count(view: string): number
  close(): void
}
