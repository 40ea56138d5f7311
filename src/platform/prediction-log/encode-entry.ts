import type { ExposureEntry, LabelEntry, MirrorEntry } from '../../core/records/index.ts'
import { checkLine, checkPrediction, checkTime } from './check-entry.ts'
import { InputRow } from './input-row.ts'
import type { WrittenPrediction } from './prediction-log.ts'

/** A prediction less its inputs, and when it was written. */
type WrittenFacts = Omit<WrittenPrediction, 'inputs'> & {
  /** In microseconds, unique in its writer. */
  readonly written: number
}

/**
 * Entries as JSON lines with short names, put together by hand: all rows of a journal come by here
 * when they are read. `w` is when it was written, in microseconds, and unique in its writer; what the
 * names mean says `log-tables.ts`.
 *
 * @throws ENTRY_INVALID
 */
export function predictionLine(entry: WrittenPrediction, written: number): string {
  checkPrediction(entry)
  const { inputs } = entry
  const text = inputs instanceof InputRow ? inputs.toText() : JSON.stringify(inputs)
  const line = linePut({ ...entry, written }, text)
  checkLine(entry.id, line)
  return wellFormed(line)
}

/** The same line of an entry that was checked before it was written. @param inputs JSON text */
export function checkedPredictionLine(entry: WrittenFacts, inputs: string): string {
  return wellFormed(linePut(entry, inputs))
}

function linePut(entry: WrittenFacts, inputs: string): string {
  const { id, output, timeMs, latencyUs, version, written, endpoint, role, decision } = entry
  const flags = entry.flags.length === 0 ? '[]' : JSON.stringify(entry.flags)
  return `{"k":"p","w":${written},"i":${text(id)},"e":${text(endpoint)},"v":${version},"r":"${role}","t":${timeMs},"x":${inputs},"o":[${output.join(',')}],"d":${decision},"u":${latencyUs},"f":${flags}}\n`
}

/** @throws ENTRY_INVALID */
export function exposureLine(exposure: ExposureEntry, written: number): string {
  const { test, key, endpoint, arm, version, prediction, timeMs } = exposure
  checkTime(prediction, timeMs)
  return checkedLine(
    prediction,
    `{"k":"x","w":${written},"a":${text(test)},"y":${text(key)},"e":${text(endpoint)},"r":"${arm}","v":${version},"i":${text(prediction)},"t":${timeMs}}\n`,
  )
}

/** @throws ENTRY_INVALID */
export function labelLine({ id, label, timeMs }: LabelEntry, written: number): string {
  checkTime(id, timeMs)
  return checkedLine(
    id,
    `{"k":"l","w":${written},"i":${text(id)},"l":${text(label)},"t":${timeMs}}\n`,
  )
}

/** @throws ENTRY_INVALID */
export function mirrorLine(entry: MirrorEntry, written: number): string {
  checkTime(entry.id, entry.timeMs)
  const { endpoint, version, id, timeMs, outcome, count, difference, changed } = entry
  const { stableLatencyUs, latencyUs, error } = entry
  const line = { k: 'm', w: written, e: endpoint, v: version, i: id, t: timeMs, r: outcome }
  const found = { n: count, q: difference, d: changed, s: stableLatencyUs, u: latencyUs, m: error }
  return checkedLine(id, `${JSON.stringify({ ...line, ...found })}\n`)
}

function text(value: string): string {
  return JSON.stringify(value)
}

function checkedLine(id: string, line: string): string {
  checkLine(id, line)
  return wellFormed(line)
}

/** Halves of surrogate pairs are no text that a reader of JSON must take; they become U+FFFD. */
function wellFormed(line: string): string {
  if (!line.includes('\\ud')) return line
  return line.replaceAll(/(\\\\)|\\ud[89a-f][0-9a-f]{2}/g, (found, backslash?: string) =>
    backslash === undefined ? '\ufffd' : found,
  )
}
