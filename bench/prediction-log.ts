import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  compactLog,
  InputRow,
  openPredictionLog,
  type WrittenPrediction,
} from '../src/platform/prediction-log/index.ts'

/**
 * The prediction log alone: rows of 20 features from 32 callers, each of whom waits for the log before
 * the next one, as a gateway's connections do. Rows a second, CPU time a row (of all threads, and of the
 * event loop's, callers included), the longest time that the event loop stood still, bytes a row as journal and as Parquet, and how long a window takes.
 *
 *     node bench/prediction-log.ts [rows, default 300000]
 */

const CALLERS = 32
const FEATURES = 20
const WINDOWS = 20
/** One array for all rows, as a gateway has it of a model. */
const NAMES = Array.from({ length: FEATURES }, (_, i) => `feature_${i}`)

export interface WriteFigures {
  readonly rowsPerSecond: number
  readonly cpuMicrosPerRow: number
  readonly loopMicrosPerRow: number
  /** Greatest time between two turns of the event loop. */
  readonly longestStallMs: number
}

/** One row of made-up flights; rows differ as real ones do. */
export function benchEntry(row: number): WrittenPrediction {
  const inputs = new InputRow(
    NAMES,
    NAMES.map((_, i) => Math.round(Math.sin(row * (i + 1)) * 1e6) / 1e3),
  )
  const probability = Math.abs(Math.sin(row))
  return {
    ...{ id: crypto.randomUUID(), endpoint: 'delays', version: 1, role: 'stable', inputs },
    ...{ timeMs: 1_700_000_000_000 + row, output: [1 - probability, probability] },
    ...{ decision: probability > 0.5, latencyUs: 400 + (row % 300), flags: [] },
  }
}

/** Writes rows from several callers at once. @param append resolves when the row is kept */
export async function measureWrites(
  rows: number,
  append: (entry: WrittenPrediction) => Promise<void>,
): Promise<WriteFigures> {
  const entries = Array.from({ length: rows }, (_, row) => benchEntry(row))
  let longestStallMs = 0
  let last = performance.now()
  const turns = setInterval(() => {
    const now = performance.now()
    longestStallMs = Math.max(longestStallMs, now - last)
    last = now
  }, 0)
  const cpu = process.cpuUsage()
  const loop = process.threadCpuUsage()
  const startedAt = performance.now()
  let next = 0
  const call = async () => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++])
      await append(entry)
  }
  await Promise.all(Array.from({ length: CALLERS }, call))
  const seconds = (performance.now() - startedAt) / 1_000
  const all = process.cpuUsage(cpu)
  const own = process.threadCpuUsage(loop)
  clearInterval(turns)
  return {
    rowsPerSecond: rows / seconds,
    cpuMicrosPerRow: (all.user + all.system) / rows,
    loopMicrosPerRow: (own.user + own.system) / rows,
    longestStallMs,
  }
}

/** Runs the benchmark and gives its table as lines of Markdown. */
export async function benchPredictionLog(rows = 300_000): Promise<string[]> {
  const lines = ['| what | measured |', '| ---- | -------: |']
  const add = (what: string, measured: string) => lines.push(`| ${what} | ${measured} |`)
  for (const durability of ['process', 'disk'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-log-'))
    const log = await openPredictionLog(folder, { compacts: false })
    const kept = durability === 'disk' ? rows / 10 : rows
    const written = await measureWrites(kept, (entry) => log.append([entry], [], { durability }))
    add(`rows a second, durability ${durability}`, written.rowsPerSecond.toFixed(0))
    add('CPU a row, all threads', `${written.cpuMicrosPerRow.toFixed(1)} µs`)
    add('CPU a row, event loop', `${written.loopMicrosPerRow.toFixed(1)} µs`)
    add('longest stall of the event loop', `${written.longestStallMs.toFixed(1)} ms`)
    await log.close()
    if (durability === 'process') await benchFiles(folder, rows, add)
    rmSync(folder, { recursive: true })
  }
  return lines
}

async function benchFiles(
  folder: string,
  rows: number,
  add: (what: string, measured: string) => void,
): Promise<void> {
  add('bytes a row, journal', (bytesIn(folder) / rows).toFixed(0))
  const startedAt = performance.now()
  await compactLog(folder)
  const compactedMs = performance.now() - startedAt
  add('bytes a row, Parquet', (bytesIn(join(folder, 'parquet')) / rows).toFixed(0))
  add('compaction, rows a second', ((rows / compactedMs) * 1_000).toFixed(0))
  const log = await openPredictionLog(folder)
  const startMs = 1_700_000_000_000
  const window = (from: number, to: number) =>
    log.window({ endpoint: 'delays', fromMs: startMs + from, toMs: startMs + to })
  await window(0, 1)
  const took: number[] = []
  for (let i = 0; i < WINDOWS; i++) {
    const from = Math.floor((i * rows) / WINDOWS)
    const askedAt = performance.now()
    const found = await window(from, from + 1_000)
    took.push(performance.now() - askedAt)
    if (found.length !== 1_000) throw new Error(`${found.length} rows in a window of 1000`)
  }
  const median = took.toSorted((a, b) => a - b)[WINDOWS / 2] ?? 0
  add('a window of 1,000 rows, median', `${median.toFixed(0)} ms`)
  const askedAt = performance.now()
  const all = await window(0, rows)
  add(`all ${all.length} rows`, `${((performance.now() - askedAt) / 1_000).toFixed(2)} s`)
  await log.close()
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true }).filter((file) => file.isFile())
  return files.reduce((sum, { name }) => sum + statSync(join(folder, name)).size, 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await benchPredictionLog(Number(process.argv[2] ?? 300_000))).join('\n'))
}
