import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import type { Source } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { errors } from './errors.ts'
import type { Extracted, Extraction } from './extraction.ts'
import { type Attempt, retry } from './retry.ts'
import { openRowFile, type RowFile } from './row-file.ts'
import { rowFileSelect } from './row-file-select.ts'
import { resolveSecret } from './secrets.ts'

export type SqlSource = Extract<Source, { kind: 'sql' }>

const BATCH_ROWS = 5_000
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

/** Reads a query of an SQLite file, opened read-only, row by row in the query's order. */
export async function writeSqlite(extraction: Extraction<SqlSource>): Promise<Extracted> {
  const { source, name, engine, target, signal } = extraction
  const { text } = resolveSecret(source.connection, extraction.environment, name)
  const path = resolve(extraction.projectFolder, text.slice('sqlite:'.length))
  const origin = `sqlite:${relative(extraction.projectFolder, path)}`
  if (!existsSync(path)) {
    throw errors.SOURCE_FILES_NOT_FOUND({
      source: name,
      pattern: source.connection.slice('sqlite:'.length),
      folder: resolve(extraction.projectFolder),
    })
  }
  const file = await retry(() => attempt(extraction, path, origin), {
    retries: source.retries,
    signal,
  })
  const select = await rowFileSelect({ engine, source: name, origin, file, types: source.types })
  return { rows: await engine.writeParquet(select, target), origin }
}

async function attempt(
  extraction: Extraction<SqlSource>,
  path: string,
  origin: string,
): Promise<Attempt<RowFile>> {
  const source = extraction.name
  const timeoutMs = durationMs(extraction.source.timeout)
  try {
    const value = await readRows(extraction, path, timeoutMs)
    if (value !== 'timed-out') return { done: true, value }
    const fault = (attempts: number) =>
      errors.SOURCE_TIMED_OUT({ source, origin, attempts, timeoutMs })
    return { done: false, retry: false, fault }
  } catch (error) {
    if (extraction.signal.aborted) throw error
    const reason = error instanceof Error ? error.message : String(error)
    if (isBusy(error)) {
      const fault = (attempts: number) =>
        errors.SOURCE_UNREACHABLE({ source, origin, attempts, reason })
      return { done: false, retry: true, fault }
    }
    const fault = () => errors.SOURCE_QUERY_FAILED({ source, origin, reason })
    return { done: false, retry: false, fault }
  }
}

async function readRows(
  extraction: Extraction<SqlSource>,
  path: string,
  timeoutMs: number,
): Promise<RowFile | 'timed-out'> {
  const deadline = performance.now() + timeoutMs
  const database = new DatabaseSync(path, { readOnly: true, timeout: Math.min(timeoutMs, 5_000) })
  try {
    const statement = database.prepare(extraction.source.query)
    statement.setReadBigInts(true)
    const columns = statement.columns().map((column) => column.name)
    const file = openRowFile(`${extraction.folder}/rows.jsonl`, columns)
    try {
      let batch: Record<string, unknown>[] = []
      for (const row of statement.iterate()) {
        batch.push(row as Record<string, unknown>)
        if (batch.length < BATCH_ROWS) continue
        file.write(batch)
        batch = []
        extraction.progress(0, `${file.rows} rows`)
        await turn()
        extraction.signal.throwIfAborted()
        if (performance.now() > deadline) return 'timed-out'
      }
      file.write(batch)
    } finally {
      file.close()
    }
    return file
  } finally {
    database.close()
  }
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error ? Reflect.get(error, 'errcode') : undefined
  return typeof code === 'number' && [SQLITE_BUSY, SQLITE_LOCKED].includes(code & 0xff)
}
