/** Pieces of a protobuf message; they are put together once, at the end. */
export type Pieces = readonly Uint8Array[]

/** A field with a whole number that is not negative. */
export function numberField(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)])
}

export function textField(number: number, text: string): Uint8Array {
  return bytesField(number, [Buffer.from(text, 'utf8')])
}

/** A field that holds bytes or another message. */
export function bytesField(number: number, pieces: Pieces): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return Buffer.concat([varint(number * 8 + 2), varint(length), ...pieces])
}

/** Base-128 number, the lowest seven bits first. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
