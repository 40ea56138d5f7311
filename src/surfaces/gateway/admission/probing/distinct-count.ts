const INDEX_BITS = 11
const REGISTERS = 1 << INDEX_BITS
/** Of 2,048 registers: α of Flajolet et al. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

/**
 * How many different keys were added, in 2 KiB: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier
 * 2007) with linear counting for few keys. Its standard error is 1.04 / √2048 = 2.3 %.
 */
export class DistinctCount {
  readonly #registers = new Uint8Array(REGISTERS)

  /** @param high, low independent halves of a 64-bit hash */
  add(high: number, low: number): void {
    const register = high >>> (32 - INDEX_BITS)
    const rank = Math.clz32(low) + 1
    if (rank > (this.#registers[register] ?? 0)) this.#registers[register] = rank
  }

  estimate(): number {
    let sum = 0
    let empty = 0
    for (const rank of this.#registers) {
      sum += 2 ** -rank
      if (rank === 0) empty++
    }
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum
    if (raw > 2.5 * REGISTERS || empty === 0) return raw
    return REGISTERS * Math.log(REGISTERS / empty)
  }
}
