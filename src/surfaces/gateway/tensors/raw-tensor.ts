import { TextDecoder } from 'node:util'
import { gatewayErrors } from '../errors.ts'
import { DATATYPES, type OutputTensor } from '../open-inference.ts'
import { halfFloat } from './half-float.ts'

type Cells = (number | string | boolean | null)[]

interface RawNumber {
  readonly bytes: number
  readonly read: (bytes: DataView, at: number) => number | boolean
}

/** Little-endian and packed, as the binary data of the protocol are. */
const NUMBERS: Readonly<Record<string, RawNumber>> = {
  BOOL: { bytes: 1, read: (bytes, at) => bytes.getUint8(at) !== 0 },
  UINT8: { bytes: 1, read: (bytes, at) => bytes.getUint8(at) },
  UINT16: { bytes: 2, read: (bytes, at) => bytes.getUint16(at, true) },
  UINT32: { bytes: 4, read: (bytes, at) => bytes.getUint32(at, true) },
  UINT64: { bytes: 8, read: (bytes, at) => Number(bytes.getBigUint64(at, true)) },
  INT8: { bytes: 1, read: (bytes, at) => bytes.getInt8(at) },
  INT16: { bytes: 2, read: (bytes, at) => bytes.getInt16(at, true) },
  INT32: { bytes: 4, read: (bytes, at) => bytes.getInt32(at, true) },
  INT64: { bytes: 8, read: (bytes, at) => Number(bytes.getBigInt64(at, true)) },
  FP16: { bytes: 2, read: (bytes, at) => halfFloat(bytes.getUint16(at, true)) },
  FP32: { bytes: 4, read: (bytes, at) => bytes.getFloat32(at, true) },
  FP64: { bytes: 8, read: (bytes, at) => bytes.getFloat64(at, true) },
}

/**
 * Values from a tensor's bytes. Bytes have no null: NaN is missing. A text is four bytes of length
 * and that many bytes of UTF-8.
 * @throws INPUT_DATATYPE_WRONG, INPUT_SHAPE_WRONG, INPUT_VALUE_WRONG
 */
export function decodeRaw(input: string, datatype: string, bytes: Buffer): Cells {
  if (datatype === 'BYTES') return decodeTexts(input, bytes)
  const number = NUMBERS[datatype]
  if (number === undefined) {
    const got = JSON.stringify(datatype.slice(0, 40))
    throw gatewayErrors.INPUT_DATATYPE_WRONG({ input, expected: DATATYPES.join(', '), got })
  }
  if (bytes.length % number.bytes !== 0) {
    throw gatewayErrors.INPUT_SHAPE_WRONG({
      input,
      expected: `${number.bytes} bytes a value`,
      got: `${bytes.length} bytes`,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const cells: Cells = new Array(bytes.length / number.bytes)
  for (let i = 0, at = 0; at < bytes.length; i++, at += number.bytes) {
    const value = number.read(view, at)
    cells[i] = Number.isNaN(value) ? null : value
  }
  return cells
}

const LENGTH_BYTES = 4

function decodeTexts(input: string, bytes: Buffer): Cells {
  const texts: string[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for (let at = 0; at < bytes.length; ) {
    const from = at + LENGTH_BYTES
    const to = from <= bytes.length ? from + bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY
    if (to > bytes.length) {
      const expected = 'each text after four bytes with its length'
      throw gatewayErrors.INPUT_SHAPE_WRONG({ input, expected, got: `${bytes.length} bytes` })
    }
    texts.push(decodeText(bytes.subarray(from, to), { decoder, input, row: texts.length }))
    at = to
  }
  return texts
}

/** @throws INPUT_VALUE_WRONG when the bytes are no UTF-8 */
export function decodeText(
  bytes: Uint8Array,
  where: { readonly decoder: TextDecoder; readonly input: string; readonly row: number },
): string {
  const { decoder, input, row } = where
  try {
    return decoder.decode(bytes)
  } catch {
    const got = `${bytes.length} bytes of something else`
    throw gatewayErrors.INPUT_VALUE_WRONG({ input, row, expected: 'UTF-8', got })
  }
}

/** An output's bytes, in the same form. */
export function encodeRaw({ datatype, data }: OutputTensor): Buffer {
  if (datatype === 'BYTES') return encodeTexts(data)
  if (datatype === 'BOOL') return Buffer.from(data.map((value) => (value === true ? 1 : 0)))
  const bytes = Buffer.alloc(data.length * LENGTH_BYTES)
  const write = datatype === 'INT32' ? bytes.writeInt32LE : bytes.writeFloatLE
  data.forEach((value, i) => {
    write.call(bytes, Number(value), i * LENGTH_BYTES)
  })
  return bytes
}

function encodeTexts(data: OutputTensor['data']): Buffer {
  return Buffer.concat(
    data.flatMap((value) => {
      const text = Buffer.from(String(value))
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32LE(text.length)
      return [length, text]
    }),
  )
}
