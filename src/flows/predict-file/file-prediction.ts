import type { Platform } from '../platform.ts'
import type { VersionChoice } from './choose-version.ts'
import type { Misfit } from './read-cell.ts'

/** What becomes of rows that the model cannot answer. */
export type InvalidRows = 'fail' | 'skip' | 'keep'

/** The parts of a platform that scoring needs. */
export type PredictFileParts = Pick<
  Platform,
  'project' | 'store' | 'artifacts' | 'engine' | 'online' | 'clock' | 'signal' | 'onProgress'
>

export interface PredictFileOptions {
  /** Ends in .parquet, .csv or .jsonl, as `output` does. */
  readonly input: string
  readonly output: string
  /** @default `endpoint` */
  readonly version?: VersionChoice
  /**
   * When the rows are asked: milliseconds for all, or the column with each row's own. Features are
   * then those known at that time; else the online store's of now.
   */
  readonly at?: number | string
  /** Columns that go into the output as they are. @default the dataset's id, if the file has it */
  readonly keep?: readonly string[]
  /**
   * `fail` writes nothing, `skip` leaves such rows out, `keep` gives them no answer but a reason in
   * the column `problem`. @default `fail`
   */
  readonly onInvalid?: InvalidRows
  /** Rows in memory at once. @default 50,000 */
  readonly stretchRows?: number
}

export interface RefusedRow extends Misfit {
  /** Counted from 1; the header of a CSV file is no row. */
  readonly row: number
}

export interface FilePrediction {
  readonly model: string
  readonly version: number
  readonly output: string
  readonly rows: number
  readonly predicted: number
  /** Rows answered though training never saw such a value: far, pulled to the range, or unknown. */
  readonly flagged: number
  readonly refused: number
  /** The first of the refused rows, at most 20. */
  readonly firstRefused: readonly RefusedRow[]
  readonly features: 'none' | 'online' | 'history'
}
