import { randomBytes } from 'node:crypto'

/** A value as callers send it. */
export type SentCell = number | string | boolean | bigint | null | undefined

/** Two halves of a 64-bit hash. */
export interface RowHashes {
  /** By column, of its value. */
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Of the whole row: all columns' hashes, XORed. */
  readonly rowHigh: number
  readonly rowLow: number
}

/** Hashes rows with seeds that nobody outside knows, so that none can be built to collide. */
export interface RowHasher {
  /** Reuses its arrays: read them before the next call. */
  hash(columns: readonly ArrayLike<SentCell>[], row: number): RowHashes
}

export function createRowHasher(): RowHasher {
  const seeds = new Uint32Array(new Uint8Array(randomBytes(8)).buffer)
  const [highSeed = 1, lowSeed = 2] = seeds
  const number = new Float64Array(1)
  const bits = new Uint32Array(number.buffer)
  let high = new Uint32Array(0)
  let low = new Uint32Array(0)

  function ofCell(cell: SentCell, seed: number): number {
    if (typeof cell === 'number') {
      // -0 and 0 are one value.
      number[0] = cell + 0
      return mix(mix(seed, bits[0] ?? 0), bits[1] ?? 0)
    }
    const text = cell === null || cell === undefined ? '\u0000' : String(cell)
    let hash = mix(seed, text.length)
    for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at))
    return hash
  }

  return {
    hash(columns, row) {
      if (high.length !== columns.length) {
        high = new Uint32Array(columns.length)
        low = new Uint32Array(columns.length)
      }
      let rowHigh = 0
      let rowLow = 0
      for (let column = 0; column < columns.length; column++) {
        const cell = columns[column]?.[row]
        const a = ofCell(cell, mix(highSeed, column))
        const b = ofCell(cell, mix(lowSeed, column))
        high[column] = a
        low[column] = b
        rowHigh ^= a
        rowLow ^= b
      }
      return { high, low, rowHigh: rowHigh >>> 0, rowLow: rowLow >>> 0 }
    },
  }
}

/** One round of MurmurHash3's 32-bit body with its finalizer (Appleby 2011, public domain). */
export function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  let h = hash ^ k
  h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
