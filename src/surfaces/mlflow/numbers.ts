/** Numbers as protobuf writes them in JSON: non-finite ones are texts, integers may be. */

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INTEGER = /^-?\d{1,19}$/

/** A floating-point number, or undefined when it is none. */
export function readDouble(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw
  if (typeof raw !== 'string' || raw.length > 400) return undefined
  if (Object.hasOwn(SPECIAL, raw)) return SPECIAL[raw]
  return DECIMAL.test(raw) ? Number(raw) : undefined
}

/** An integer that a number holds exactly (±2⁵³), or undefined when it is none. */
export function readInteger(raw: unknown): number | undefined {
  if (typeof raw === 'number') return Number.isSafeInteger(raw) ? raw : undefined
  if (typeof raw !== 'string' || !INTEGER.test(raw)) return undefined
  const value = Number(raw)
  return Number.isSafeInteger(value) ? value : undefined
}

/** For an answer: JSON has no word for NaN and infinities. */
export function writeDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
