import type { AnswerCheck } from './load-job.ts'

/** Answers are float32, and peers add up trees in another order. */
const TOLERANCE = 1e-5
/** Characters of a number with its comma and brackets, at most. */
const NUMBER_WIDTH = 28
const VERSION_MARKER = '"model_version":"'

export interface CheckedAnswer {
  /** The version that the answer names; "" when the check knows only one. */
  readonly version: string
  /** What is wrong; undefined when nothing is. */
  readonly mistake: string | undefined
}

/** Compares an answer over HTTP with what must stand in it, row by row. */
export function checkAnswer(check: AnswerCheck, request: number, body: Buffer): CheckedAnswer {
  const version = versionOf(check, body)
  const expected = check.expected[version]?.[request]
  const known = Object.keys(check.expected)
  if (expected === undefined) return { version, mistake: `version "${version}", not ${known}` }
  const count = expected.length * check.stride
  const numbers =
    check.kind === 'text' ? numbersIn(check, body, count) : floatsAtEnd(body, count * 4)
  return { version, mistake: compareNumbers(check, expected, numbers) }
}

/** @returns what is wrong; undefined when nothing is */
export function compareNumbers(
  { stride, offset }: Pick<AnswerCheck, 'stride' | 'offset'>,
  expected: readonly number[],
  numbers: ArrayLike<number>,
): string | undefined {
  for (let row = 0; row < expected.length; row++) {
    const wanted = expected[row] ?? Number.NaN
    const got = numbers[row * stride + offset] ?? Number.NaN
    if (!(Math.abs(got - wanted) <= TOLERANCE)) return `row ${row}: ${got}, not ${wanted}`
  }
  return undefined
}

function versionOf({ expected }: AnswerCheck, body: Buffer): string {
  const [only, ...others] = Object.keys(expected)
  if (only !== undefined && others.length === 0) return only
  const at = body.indexOf(VERSION_MARKER)
  if (at < 0) return ''
  const from = at + VERSION_MARKER.length
  return body.toString('latin1', from, body.indexOf('"', from))
}

function numbersIn({ marker }: AnswerCheck, body: Buffer, count: number): number[] {
  const at = body.indexOf(marker)
  if (at < 0) return []
  const from = at + marker.length
  const text = body.toString('latin1', from, Math.min(body.length, from + count * NUMBER_WIDTH))
  return text.replaceAll('[', '').split(',', count).map(Number.parseFloat)
}

function floatsAtEnd(body: Buffer, bytes: number): Float32Array {
  if (body.length < bytes) return new Float32Array(0)
  // A copy, since packed floats need not lie on a boundary of four bytes.
  return new Float32Array(Uint8Array.prototype.slice.call(body, body.length - bytes).buffer)
}
