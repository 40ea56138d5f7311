/** Reads what a `GrowingBuffer` wrote. @throws RangeError beyond the end */
export class ByteReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  uint8(): number {
    return this.#view.getUint8(this.#at++)
  }

  uint32(): number {
    const value = this.#view.getUint32(this.#at, true)
    this.#at += 4
    return value
  }

  float64(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  text(): string {
    const bytes = this.uint32()
    const from = this.#at
    this.#at += bytes
    if (this.#at > this.#bytes.length) throw new RangeError('A text goes on beyond the end')
    return this.#bytes.toString('utf8', from, this.#at)
  }
}
