import type { SqlValue } from './table-engine.ts'

export type FeatureValue = number | string | null

export interface OnlineRow {
  /** Values of the entity's keys, in the entity's order. */
  readonly keys: readonly SqlValue[]
  readonly values: Readonly<Record<string, FeatureValue>>
  /** When the fact happened, in milliseconds. */
  readonly eventTimeMs: number
}

/** One entity of one feature view. */
export interface OnlineRequest {
  readonly view: string
  readonly keys: readonly SqlValue[]
}

/**
 * The newest value of each entity in each feature view. An older event never replaces a newer one;
 * of two rows with one event time the later written stands.
 *
 * A row that was written is whole. The next read of the store it was written through sees it, and so
 * does every read of another connection or process that begins in a later round of its event loop.
 */
export interface OnlineStore {
  /**
   * Newest rows in the order of the requests; undefined where none is known. One question to the
   * store, however many views and entities it is about.
   */
  read(requests: readonly OnlineRequest[]): Promise<readonly (OnlineRow | undefined)[]>
  /**
   * The same for a store that waits for nothing outside this process: its rows at once, so that a
   * request costs no promise. A store that asks a server does not have it. Rows are the callers' to
   * read, never to change.
   * @throws what `read` ends with
   */
  readNow?(requests: readonly OnlineRequest[]): readonly (OnlineRow | undefined)[]
  /**
   * Nothing is written when a row is refused. A call that ends otherwise may have written some of
   * its rows; writing all of them again is safe.
   * @throws ENTRY_INVALID
   */
  put(view: string, rows: readonly OnlineRow[]): Promise<void>
  /** Forgets all rows of a view (before a replay starts over). */
  clear(view: string): Promise<void>
  count(view: string): Promise<number>
  close(): Promise<void>
}
