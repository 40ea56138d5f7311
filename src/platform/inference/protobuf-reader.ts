/** One field of a protobuf message: a number, or the place of its bytes. */
export interface ProtobufField {
  readonly number: number
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: number
  /** Value of a varint; 0 for other wire types. Exact up to 2^53, larger ones are only large. */
  readonly value: number
  /** Where the bytes of the value start and end; end − start is the length of a delimited one. */
  readonly start: number
  readonly end: number
}

/** The bytes are not a protobuf message. */
export class ProtobufError extends Error {}

/**
 * Reads the fields of one message, flat. Reads nothing outside [start, end), allocates nothing by a
 * declared length, and never recurses: a nested message is a range for the caller to walk.
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number
  #value = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** The next field, or undefined at the end of the message. */
  next(): ProtobufField | undefined {
    if (this.#at >= this.#end) return undefined
    this.#readVarint()
    const tag = this.#value
    const number = Math.floor(tag / 8)
    if (number < 1 || number > 536_870_911) throw new ProtobufError(`field number ${number}`)
    return this.#body(number, tag % 8)
  }

  #body(number: number, wire: number): ProtobufField {
    let start = this.#at
    let value = 0
    if (wire === 0) {
      this.#readVarint()
      value = this.#value
    } else if (wire === 1) this.#skip(8)
    else if (wire === 5) this.#skip(4)
    else if (wire === 2) {
      this.#readVarint()
      start = this.#at
      this.#skip(this.#value)
    } else throw new ProtobufError(`wire type ${wire} at byte ${start}`)
    return { number, wire, value, start, end: this.#at }
  }

  #skip(length: number): void {
    if (length > this.#end - this.#at)
      throw new ProtobufError(`a field of ${length} bytes does not fit at byte ${this.#at}`)
    this.#at += length
  }

  /** Base-128 number, at most ten bytes; read into `#value`. */
  #readVarint(): void {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined
      if (byte === undefined) throw new ProtobufError('cut off within a number')
      this.#at++
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.#value = value
        return
      }
      scale *= 128
    }
    throw new ProtobufError(`a number longer than ten bytes at byte ${this.#at}`)
  }
}
