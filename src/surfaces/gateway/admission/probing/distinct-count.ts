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
  /** Of 2^(−rank) over all registers; kept, as the estimate is asked for often. */
  #sum = REGISTERS
  #empty = REGISTERS

  /** @param high, low independent halves of a 64-bit hash */
  add(high: number, low: number): void {
    const register = high >>> (32 - INDEX_BITS)
    const rank = Math.clz32(low) + 1
    const before = this.#registers[register] ?? 0
    if (rank <= before) return
    this.#registers[register] = rank
    this.#sum += 2 ** -rank - 2 ** -before
    if (before === 0) this.#empty--
  }

  estimate(): number {
    const raw = (ALPHA * REGISTERS * REGISTERS) / this.#sum
    if (raw > 2.5 * REGISTERS || this.#empty === 0) return raw
    return REGISTERS * Math.log(REGISTERS / this.#empty)
  }
}
