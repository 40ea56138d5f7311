import fc from 'fast-check'
import { expect, test } from 'vitest'
import { halfFloat } from './half-float.ts'
import { decodeRaw, encodeRaw } from './raw-tensor.ts'

test.each([
  [0x0000, 0],
  [0x0001, 2 ** -24],
  [0x03ff, 1_023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3c00, 1],
  [0x3555, 0.333251953125],
  [0xc000, -2],
  [0x7bff, 65_504],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfc00, Number.NEGATIVE_INFINITY],
  [0x7e00, Number.NaN],
])('a half of bits %i is %d', (bits, value) => {
  expect(halfFloat(bits)).toBe(value)
})

test('outputs come back from their bytes', () => {
  const datas = fc.oneof(
    fc.record({
      datatype: fc.constant('BYTES'),
      data: fc.array(fc.string({ unit: 'grapheme' })),
    }),
    fc.record({ datatype: fc.constant('BOOL'), data: fc.array(fc.boolean()) }),
    fc.record({ datatype: fc.constant('INT32'), data: fc.array(fc.integer()) }),
    fc.record({
      datatype: fc.constant('FP32'),
      data: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })),
    }),
  )
  fc.assert(
    fc.property(datas, ({ datatype, data }) => {
      const bytes = encodeRaw({ name: 'x', datatype, shape: [data.length], data })
      expect(decodeRaw('x', datatype, bytes)).toEqual(data)
    }),
  )
})

test('integers beyond what is exact do not come within it', () => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(2n ** 53n + 1n)
  expect(decodeRaw('x', 'INT64', bytes)[0]).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
})
