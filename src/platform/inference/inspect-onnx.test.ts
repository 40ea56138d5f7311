import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FIXTURES, readFixture } from './fixtures/read-fixture.ts'
import { inspectOnnx } from './inspect-onnx.ts'

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return bytes
}
const number = (field: number, value: bigint) => [...varint(BigInt(field * 8)), ...varint(value)]
const message = (field: number, ...parts: readonly number[][]) => {
  const body = parts.flat()
  return [...varint(BigInt(field * 8 + 2)), ...varint(BigInt(body.length)), ...body]
}
const text = (field: number, value: string) => message(field, [...Buffer.from(value)])
const inspect = (...parts: readonly number[][]) => inspectOnnx(Uint8Array.from(parts.flat()))
/** A model of one graph with one initializer made of `parts`. */
const withTensor = (...parts: readonly number[][]) => inspect(message(7, message(5, ...parts)))

describe('inspectOnnx', () => {
  test.each(FIXTURES)('allows the %s model', (name) => {
    const operators = expect.arrayContaining(['Imputer', 'Scaler'])
    const found = inspectOnnx(readFileSync(readFixture(name).path))
    expect(found).toEqual({ outcome: 'allowed', operators })
  })

  test('finds every way of naming a domain of its own', () => {
    const node = message(1, text(7, 'com.evil'))
    const refused = { outcome: 'not-allowed', reason: expect.stringContaining('"com.evil"') }
    expect(inspect(message(7), message(8, text(1, 'com.evil')))).toEqual(refused)
    expect(inspect(message(7, node))).toEqual(refused)
    // Within the branch of an If, within a list of graphs, within a function, within training info.
    expect(inspect(message(7, message(1, message(5, message(6, node)))))).toEqual(refused)
    expect(inspect(message(7, message(1, message(5, message(11, node)))))).toEqual(refused)
    expect(inspect(message(7), message(25, message(7, text(7, 'com.evil'))))).toEqual(refused)
    expect(inspect(message(7), message(25, text(10, 'com.evil')))).toEqual(refused)
    expect(inspect(message(7), message(20, message(2, node)))).toEqual(refused)
  })

  test('finds external data wherever tensors stand', () => {
    const refused = { outcome: 'not-allowed', reason: 'it keeps tensor data in another file' }
    const external = [message(13, text(1, 'location'), text(2, '/etc/passwd')), number(14, 1n)]
    expect(withTensor(...external)).toEqual(refused)
    expect(withTensor(number(14, 1n))).toEqual(refused)
    const attribute = message(5, message(5, ...external))
    expect(inspect(message(7, message(1, attribute)))).toEqual(refused)
    const sparse = message(15, message(1, ...external))
    expect(inspect(message(7, sparse))).toEqual(refused)
  })

  test('refuses a tensor that declares more numbers than its bytes can hold', () => {
    const packed = (...sizes: bigint[]) => message(1, ...sizes.map(varint))
    expect(withTensor(number(1, 1_000_000_000_000n)).outcome).toBe('not-allowed')
    expect(withTensor(number(1, -1n)).outcome).toBe('not-allowed')
    expect(withTensor(packed(1_000_000n, 1_000_000n, 1_000_000n)).outcome).toBe('not-allowed')
    expect(withTensor(packed(0n), packed(1n << 63n)).outcome).toBe('allowed')
    expect(withTensor(packed(2n, 2n), message(9, Array(16).fill(0))).outcome).toBe('allowed')
  })

  test('refuses a loop whose number of turns is no small constant', () => {
    const loop = (...inputs: string[]) =>
      message(1, ...inputs.map((name) => text(1, name)), text(2, 'out'), text(4, 'Loop'))
    const turns = (value: bigint) => message(5, text(8, 'turns'), message(7, varint(value)))
    const constant = (value: bigint) =>
      message(1, text(2, 'turns'), text(4, 'Constant'), message(5, message(5, number(7, value))))
    const refused = expect.objectContaining({ outcome: 'not-allowed' })
    const allowed = expect.objectContaining({ outcome: 'allowed' })
    expect(inspect(message(7, loop('', 'condition')))).toEqual(refused)
    expect(inspect(message(7, loop()))).toEqual(refused)
    expect(inspect(message(7, loop('turns')))).toEqual(refused)
    expect(inspect(message(7, loop('turns'), turns(10n)))).toEqual(allowed)
    expect(inspect(message(7, constant(10n), loop('turns')))).toEqual(allowed)
    expect(inspect(message(7, loop('turns'), turns(1_000_001n)))).toEqual(refused)
    expect(inspect(message(7, loop('turns'), turns(-1n)))).toEqual(refused)
    // Whoever says it twice is held to the larger.
    expect(inspect(message(7, turns(10n), constant(1n << 40n), loop('turns')))).toEqual(refused)
    // Within the branch of an If.
    expect(inspect(message(7, message(1, message(5, message(6, loop(''))))))).toEqual(refused)
    const raw = Buffer.alloc(8)
    raw.writeBigInt64LE(9n)
    const packed = message(5, text(8, 'turns'), message(9, [...raw]))
    expect(inspect(message(7, loop('turns'), packed))).toEqual(allowed)
  })

  test('survives graphs nested a hundred thousand deep', () => {
    let body: number[] = []
    const layers: number[][] = []
    let length = 0
    for (let i = 0; i < 20_000; i++) {
      for (const field of [6, 5, 1]) {
        const head = [...varint(BigInt(field * 8 + 2)), ...varint(BigInt(length))]
        layers.push(head)
        length += head.length
      }
    }
    body = layers.reverse().flat()
    expect(inspect([...varint(7n * 8n + 2n), ...varint(BigInt(length)), ...body])).toEqual({
      outcome: 'not-allowed',
      reason: 'its messages nest deeper than 64',
    })
  })

  test('calls a file corrupt that holds no graph or ends too early', () => {
    expect(inspect([]).outcome).toBe('corrupt')
    expect(inspect(number(1, 9n)).outcome).toBe('corrupt')
    expect(inspect([0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f]).outcome).toBe('corrupt')
    expect(inspect(Array(30).fill(0xff)).outcome).toBe('corrupt')
  })

  test('ends on any bytes, and on any change of a real model, without an error of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(['allowed', 'corrupt', 'not-allowed']).toContain(inspectOnnx(bytes).outcome)
      }),
      { numRuns: 500 },
    )
    const model = readFileSync(readFixture('binary').path)
    fc.assert(
      fc.property(fc.nat(model.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(model)
        changed[at] = value
        expect(['allowed', 'corrupt', 'not-allowed']).toContain(inspectOnnx(changed).outcome)
      }),
      { numRuns: 500 },
    )
  })
})
