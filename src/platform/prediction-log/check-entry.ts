import { storageErrors } from '../storage/index.ts'
import type { WrittenPrediction } from './prediction-log.ts'

const STORE = 'prediction log'
/** JavaScript's own range of times; DuckDB's is wider. */
const MAX_TIME_MS = 8_640_000_000_000_000
/** Of an entry as a JSON line: DuckDB reads JSON objects of up to 16 MiB. */
export const MAX_LINE_CHARACTERS = 4_000_000

/** @throws ENTRY_INVALID for numbers that are not finite and times out of range */
export function checkPrediction({ id, output, latencyUs, timeMs }: WrittenPrediction): void {
  // JSON would turn NaN into null without a word.
  for (const value of output) if (!Number.isFinite(value)) refuseNonFinite(id, 'output', output)
  if (!Number.isFinite(latencyUs)) refuseNonFinite(id, 'latencyUs', [latencyUs])
  checkTime(id, timeMs)
}

/** @throws ENTRY_INVALID */
export function checkTime(id: string, timeMs: number): void {
  if (Math.abs(timeMs) <= MAX_TIME_MS) return
  const reason = `its time is ${timeMs}, expected milliseconds within ±${MAX_TIME_MS}`
  throw storageErrors.ENTRY_INVALID({ store: STORE, id, reason })
}

/** @throws ENTRY_INVALID */
export function checkLine(id: string, line: string): void {
  if (line.length <= MAX_LINE_CHARACTERS) return
  const reason = `it has ${line.length} characters as JSON, at most ${MAX_LINE_CHARACTERS} are kept`
  throw storageErrors.ENTRY_INVALID({ store: STORE, id, reason })
}

function refuseNonFinite(id: string, name: string, values: readonly number[]): never {
  const reason = `${name} [${values.join(', ')}] holds a number that is not finite`
  throw storageErrors.ENTRY_INVALID({ store: STORE, id, reason })
}
