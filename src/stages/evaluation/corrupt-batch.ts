import { type Random, seededRandom } from '../../core/randomness/index.ts'
import { moments } from '../../core/statistics/index.ts'
import type { ColumnBatch } from '../../platform/inference/index.ts'

export const ATTACKS = ['noise', 'missing', 'unseen'] as const
export type Attack = (typeof ATTACKS)[number]

export interface CorruptionOptions {
  readonly attack: Attack
  /** Noise in standard deviations of each number. */
  readonly noise: number
  /** Share of cells blanked, and of texts replaced. */
  readonly corruption: number
  readonly seed: number
}

/** A text no training data hold. */
const UNSEEN_TEXT = '\u2047 never seen \u2047'

/**
 * Rows as they might arrive on a bad day: numbers that wobble, cells that are blank, texts that are
 * new. Undefined when the rows have nothing to attack (no number, or no text).
 */
export function corruptBatch(
  batch: ColumnBatch,
  options: CorruptionOptions,
): ColumnBatch | undefined {
  const random = seededRandom(options.seed)
  const columns: Record<string, Float32Array | readonly string[]> = {}
  let attacked = false
  for (const [name, column] of Object.entries(batch.columns)) {
    const corrupted =
      column instanceof Float32Array
        ? corruptNumbers(column, options, random)
        : corruptTexts(column, options, random)
    columns[name] = corrupted ?? column
    attacked ||= corrupted !== undefined
  }
  return attacked ? { rows: batch.rows, columns } : undefined
}

function corruptNumbers(
  column: Float32Array,
  { attack, noise, corruption }: CorruptionOptions,
  random: Random,
): Float32Array | undefined {
  if (attack === 'unseen') return undefined
  if (attack === 'missing') {
    return column.map((value) => (random() < corruption ? Number.NaN : value))
  }
  const finite = column.filter((value) => Number.isFinite(value))
  const width = noise * Math.sqrt(moments(finite)?.variance ?? 0)
  return column.map((value) => value + width * normal(random))
}

function corruptTexts(
  column: readonly string[],
  { attack, corruption }: CorruptionOptions,
  random: Random,
): readonly string[] | undefined {
  if (attack === 'noise') return undefined
  const other = attack === 'missing' ? '' : UNSEEN_TEXT
  return column.map((text) => (random() < corruption ? other : text))
}

/** A standard normal number (Box & Muller 1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
