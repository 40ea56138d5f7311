import type { ExposureEntry, LabelEntry, MirrorEntry } from '../../core/records/index.ts'
import { storageErrors } from '../storage/index.ts'
import { InputRow } from './input-row.ts'
import type { WrittenPrediction } from './prediction-log.ts'

const STORE = 'prediction log'
/** JavaScript's own range of times; DuckDB's is wider. */
const MAX_TIME_MS = 8_640_000_000_000_000
/** DuckDB reads JSON objects of up to 16 MiB. */
const MAX_LINE_CHARACTERS = 4_000_000

/**
 * Entries as JSON lines with short names, put together by hand: this stands in the path of every
 * answer. `w` is when it was written, in microseconds, and unique in its writer; what the names mean
 * says `log-tables.ts`.
 */
export function predictionLine(entry: WrittenPrediction, written: number): string {
  const { id, output, timeMs, latencyUs, version } = entry
  requireFinite(id, 'output', output)
  requireFinite(id, 'latencyUs', [latencyUs])
  requireTime(id, timeMs)
  const inputs =
    entry.inputs instanceof InputRow ? entry.inputs.toText() : JSON.stringify(entry.inputs)
  const flags = entry.flags.length === 0 ? '[]' : JSON.stringify(entry.flags)
  return checkedLine(
    id,
    `{"k":"p","w":${written},"i":${text(id)},"e":${text(entry.endpoint)},"v":${version},"r":"${entry.role}","t":${timeMs},"x":${inputs},"o":[${output.join(',')}],"d":${entry.decision},"u":${latencyUs},"f":${flags}}\n`,
  )
}

export function exposureLine(exposure: ExposureEntry, written: number): string {
  const { test, key, endpoint, arm, version, prediction, timeMs } = exposure
  requireTime(prediction, timeMs)
  return checkedLine(
    prediction,
    `{"k":"x","w":${written},"a":${text(test)},"y":${text(key)},"e":${text(endpoint)},"r":"${arm}","v":${version},"i":${text(prediction)},"t":${timeMs}}\n`,
  )
}

export function labelLine({ id, label, timeMs }: LabelEntry, written: number): string {
  requireTime(id, timeMs)
  return checkedLine(
    id,
    `{"k":"l","w":${written},"i":${text(id)},"l":${text(label)},"t":${timeMs}}\n`,
  )
}

export function mirrorLine(entry: MirrorEntry, written: number): string {
  requireTime(entry.id, entry.timeMs)
  const { endpoint, version, id, timeMs, outcome, count, difference, changed } = entry
  const { stableLatencyUs, latencyUs, error } = entry
  const line = { k: 'm', w: written, e: endpoint, v: version, i: id, t: timeMs, r: outcome }
  const found = { n: count, q: difference, d: changed, s: stableLatencyUs, u: latencyUs, m: error }
  return checkedLine(id, `${JSON.stringify({ ...line, ...found })}\n`)
}

function text(value: string): string {
  return JSON.stringify(value)
}

// JSON would turn NaN into null without a word.
function requireFinite(id: string, name: string, values: readonly number[]): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue
    const reason = `${name} [${values.join(', ')}] holds a number that is not finite`
    throw storageErrors.ENTRY_INVALID({ store: STORE, id, reason })
  }
}

function requireTime(id: string, timeMs: number): void {
  if (Math.abs(timeMs) <= MAX_TIME_MS) return
  const reason = `its time is ${timeMs}, expected milliseconds within ±${MAX_TIME_MS}`
  throw storageErrors.ENTRY_INVALID({ store: STORE, id, reason })
}

function checkedLine(id: string, line: string): string {
  if (line.length > MAX_LINE_CHARACTERS) {
    const reason = `it has ${line.length} characters as JSON, at most ${MAX_LINE_CHARACTERS} are kept`
    throw storageErrors.ENTRY_INVALID({ store: STORE, id, reason })
  }
  return line.includes('\\ud') ? wellFormed(line) : line
}

/** Halves of surrogate pairs are no text that a reader of JSON must take; they become U+FFFD. */
function wellFormed(line: string): string {
  return line.replaceAll(/(\\\\)|\\ud[89a-f][0-9a-f]{2}/g, (found, backslash?: string) =>
    backslash === undefined ? '\ufffd' : found,
  )
}
