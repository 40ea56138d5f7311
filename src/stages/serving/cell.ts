/** A value as a model or a key sees it; null is missing, booleans are 0 and 1. */
export type Cell = number | string | null

/** Beyond this a number is infinite in float32, which is what the model computes in. */
const FLOAT32_MAX = 3.402_823_466_385_288_6e38

/** True for a number that the model can compute with. */
export function isFloat32(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= FLOAT32_MAX
}

/** A number written as text, as in a CSV file; undefined for what is none. Booleans are 0 and 1. */
export function numberOfText(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^(?:true|false)$/i.test(value)) return Number(value.toLowerCase() === 'true')
  // `Number` takes more than numbers: an empty text, hexadecimal, Infinity.
  if (!/^\s*[+-]?(?:\d|\.\d)/.test(value)) return undefined
  const number = Number(value)
  return isFloat32(number) ? number : undefined
}

/** A plain value of JSON or of a typed file as a cell; undefined for what is none. */
export function cellOfValue(value: unknown): number | string | undefined {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'string') return value
  return isFloat32(value) ? value : undefined
}
