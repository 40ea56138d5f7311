import type { ParquetFile } from './manifest.ts'

const MEBIBYTE = 1_048_576
/**
 * Journals that lie about at most, all in all, before they are turned into Parquet. Readers hold them
 * in memory, where rows take some thrice as much.
 */
const DUE_FILES = 32
const DUE_BYTES = 48 * MEBIBYTE
/** Files of like size that become one. */
const MERGED_TOGETHER = 8
const SMALLEST_TIER_BYTES = 4 * MEBIBYTE
/** Larger ones are left as they are. */
const LARGEST_MERGED_BYTES = 256 * MEBIBYTE

/** Whether the journals that nobody writes any more are worth a compaction. */
export function isCompactionDue(finished: readonly { readonly bytes: number }[]): boolean {
  const bytes = finished.reduce((sum, journal) => sum + journal.bytes, 0)
  return finished.length >= DUE_FILES || bytes >= DUE_BYTES
}

/**
 * Files to merge into one next: eight of one kind and of like size, the oldest first, so that a row
 * is written anew a few times in its life only and the number of files grows with the logarithm of
 * the rows until files are large. Undefined when nothing is to be merged.
 */
export function planMerge(files: readonly ParquetFile[]): readonly ParquetFile[] | undefined {
  const tiers = Map.groupBy(
    files.filter(({ bytes }) => bytes < LARGEST_MERGED_BYTES),
    ({ kind, bytes }) => `${kind} ${tierOf(bytes)}`,
  )
  for (const tier of tiers.values()) {
    if (tier.length >= MERGED_TOGETHER) return tier.slice(0, MERGED_TOGETHER)
  }
  return undefined
}

function tierOf(bytes: number): number {
  let tier = 0
  for (let bound = SMALLEST_TIER_BYTES; bytes >= bound; bound *= MERGED_TOGETHER) tier++
  return tier
}
