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
 * declared length, and never recurses: a nested message is a range for the caller to walk. It hands
 * out one object again and again: a tree ensemble has millions of fields.
 */
export class ProtobufReader {
  readonly #field: { -readonly [K in keyof ProtobufField]: ProtobufField[K] } = {
    number: 0,
    wire: 0,
    value: 0,
    start: 0,
    end: 0,
  }
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number
  #value = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** The next field, which holds until the next call; undefined at the end of the message. */
  next(): ProtobufField | undefined {
    if (this.#at >= this.#end) return undefined
    this.#readVarint()
    const tag = this.#value
    const number = Math.floor(tag / 8)
    if (number < 1 || number > 536_870_911) throw new ProtobufError(`field number ${number}`)
    return this.#body(number, tag % 8)
  }

  #body(number: number, wire: number): ProtobufField {
    const field = this.#field
    field.number = number
    field.wire = wire
    field.value = 0
    field.start = this.#at
    if (wire === 0) {
      this.#readVarint()
      field.value = this.#value
    } else if (wire === 1) this.#skip(8)
    else if (wire === 5) this.#skip(4)
    else if (wire === 2) {
      this.#readVarint()
      field.start = this.#at
      this.#skip(this.#value)
    } else throw new ProtobufError(`wire type ${wire} at byte ${field.start}`)
    field.end = this.#at
    return field
  }

  #skip(length: number): void {
    if (length > this.#end - this.#at)
      throw new ProtobufError(`a field of ${length} bytes does not fit at byte ${this.#at}`)
    this.#at += length
  }

  /** Base-128 number, at most ten bytes; read into `#value`. */
  #readVarint(): void {
    const first = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (first !== undefined && first < 0x80) {
      this.#at++
      this.#value = first
      return
    }
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
