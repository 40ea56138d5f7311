/** Bits of one generation: 64 KiB. */
const BITS = 1 << 19
const PROBES = 4
/**
 * Keys of one generation. With m bits, n keys and k probes a Bloom filter calls a new key known
 * with probability (1 − e^(−kn/m))^k (Bloom 1970): here at most 5·10⁻⁴.
 */
const CAPACITY = 20_000

/**
 * Which keys were seen lately, in a fixed amount of memory: two Bloom filters, of which the older
 * is emptied when the newer is full. At least the last 20,000 keys are known; a key that never came
 * is called known with a probability of at most one in a thousand.
 */
export class RecentSet {
  #current = new Uint32Array(BITS / 32)
  #before: Uint32Array<ArrayBuffer> | undefined
  #keys = 0

  has(high: number, low: number): boolean {
    return (
      isIn(this.#current, high, low) ||
      (this.#before !== undefined && isIn(this.#before, high, low))
    )
  }

  add(high: number, low: number): void {
    if (this.#keys >= CAPACITY) this.#rotate()
    this.#keys++
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(high, low, probe)
      this.#current[bit >>> 5] = (this.#current[bit >>> 5] ?? 0) | (1 << (bit & 31))
    }
  }

  #rotate(): void {
    const emptied = this.#before ?? new Uint32Array(BITS / 32)
    this.#before = this.#current
    this.#current = emptied.fill(0)
    this.#keys = 0
  }
}

function isIn(bits: Uint32Array, high: number, low: number): boolean {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = bitOf(high, low, probe)
    if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false
  }
  return true
}

/** Two hashes give as many as one wants (Kirsch and Mitzenmacher 2006). */
function bitOf(high: number, low: number, probe: number): number {
  return ((high + Math.imul(probe, low | 1)) >>> 0) % BITS
}
