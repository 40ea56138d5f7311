import type { PredictionEntry } from '../../core/records/index.ts'

/**
 * What stands in the payload of a `#E2` frame, one record behind the other, each beginning with a byte
 * that says its kind. Texts are UTF-8 behind their number of bytes; all numbers are little-endian.
 *
 *     SHAPE     endpoint, role (texts), version (float64), number of names (uint32), names (texts)
 *     ROW       facts, then a cell for each of its shape's names
 *     JSON_ROW  facts, then the inputs as JSON (text)
 *     LINE      a JSON line of any kind (text)
 *
 * Shapes are counted from 0 in their frame, and stand before the rows that name them. The facts of a
 * row: shape (uint32), written µs, time ms, latency µs (float64), decision (uint8), id (text), number
 * of outputs (uint32), outputs (float64), number of flags (uint32), flags (texts). A cell is a byte
 * that says its type, and its value.
 */
export const RECORD = { SHAPE: 1, ROW: 2, JSON_ROW: 3, LINE: 4 } as const

/** Types of cells. A number that is not finite is null, as in JSON. */
export const CELL = { NULL: 0, NUMBER: 1, TEXT: 2 } as const

/** A prediction's decision as a byte: its place here. */
export const DECISIONS: readonly (boolean | null)[] = [null, false, true]

/** What the rows of one model share, so that it is written once in a frame. */
export interface RowShape {
  readonly endpoint: string
  readonly version: number
  readonly role: PredictionEntry['role']
  /** None when inputs are JSON. */
  readonly names: readonly string[]
}
