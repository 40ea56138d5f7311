/** Shorter texts are copied letter by letter: that is quicker than asking the encoder of the runtime. */
const SHORT_TEXT = 64
/** Longer ones are counted, so that a buffer is at most twice as large as what is in it. */
const COUNTED_TEXT = 1_000
const MAX_ASCII = 0x7f

/**
 * Bytes written one behind the other into one buffer, which doubles when it is full. Numbers are
 * little-endian; a text is its bytes in UTF-8 behind their number. `ByteReader` reads the same.
 */
export class GrowingBuffer {
  #bytes: Buffer
  #view: DataView
  #length = 0

  /** @param capacity bytes to begin with */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
    this.#view = viewOf(this.#bytes)
  }

  /** Bytes written. */
  get length(): number {
    return this.#length
  }

  /** Bytes taken of memory. */
  get capacity(): number {
    return this.#bytes.length
  }

  /** Forgets what was written from there on, or leaves room up to there. */
  moveTo(length: number): void {
    this.reserve(Math.max(0, length - this.#length))
    this.#length = length
  }

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    let capacity = this.#bytes.length
    while (capacity < needed) capacity *= 2
    const grown = Buffer.allocUnsafeSlow(capacity)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
    this.#view = viewOf(grown)
  }

  uint8(value: number): void {
    this.reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  float64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** Halves of surrogate pairs become U+FFFD. */
  text(value: string): void {
    // UTF-8 has three bytes at most for each of JavaScript's characters; long texts are counted.
    const { length } = value
    this.reserve(4 + (length <= COUNTED_TEXT ? 3 * length : Buffer.byteLength(value)))
    const at = this.#length + 4
    const written = this.#isCopied(value, at) ? length : this.#bytes.write(value, at)
    this.#view.setUint32(this.#length, written, true)
    this.#length = at + written
  }

  /** All that was written; it changes with what is written later. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #isCopied(value: string, at: number): boolean {
    if (value.length > SHORT_TEXT) return false
    const bytes = this.#bytes
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > MAX_ASCII) return false
      bytes[at + i] = code
    }
    return true
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
