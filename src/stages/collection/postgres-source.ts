import pg from 'pg'
import { durationMs } from '../../core/time/index.ts'
import { errors } from './errors.ts'
import type { Extracted, Extraction } from './extraction.ts'
import { readCursor } from './postgres-cursor.ts'
import { type Attempt, retry } from './retry.ts'
import { openRowFile } from './row-file.ts'
import { rowFileSelect } from './row-file-select.ts'
import { addressSecrets, publicAddress, resolveSecret, withoutSecrets } from './secrets.ts'
import type { SqlSource } from './sqlite-source.ts'

/** SQLSTATE classes that may pass: connection, resources, shutdown, serialization. */
const PASSING_STATE = /^(08|53|57P0|40001)/
const PASSING_NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH)$/
const QUERY_CANCELED = '57014'

interface Target {
  readonly address: string
  readonly origin: string
  readonly secrets: readonly string[]
}

/**
 * Reads a query of a PostgreSQL database through a cursor in a read-only transaction, in batches,
 * in the query's order. Values travel as the server's own texts; their types are the query's.
 */
export async function writePostgres(extraction: Extraction<SqlSource>): Promise<Extracted> {
  const { source, name, engine, target, signal } = extraction
  const { text, secrets } = resolveSecret(source.connection, extraction.environment, name)
  const origin = publicAddress(source.connection)
  const place = { address: text, origin, secrets: [...secrets, ...addressSecrets(text)] }
  const { file, types } = await retry(() => attempt(extraction, place), {
    retries: source.retries,
    signal,
  })
  const select = await rowFileSelect({
    engine,
    source: name,
    origin,
    file,
    types: { ...types, ...source.types },
  })
  return { rows: await engine.writeParquet(select, target), origin }
}

type Rows = {
  readonly file: ReturnType<typeof openRowFile>
  readonly types: Readonly<Record<string, string>>
}

async function attempt(extraction: Extraction<SqlSource>, place: Target): Promise<Attempt<Rows>> {
  try {
    return { done: true, value: await readRows(extraction, place) }
  } catch (error) {
    if (extraction.signal.aborted) throw error
    return faultOf(error, extraction, place)
  }
}

function faultOf(error: unknown, extraction: Extraction<SqlSource>, place: Target): Attempt<never> {
  const { origin } = place
  const source = extraction.name
  const reason = withoutSecrets(reasonOf(error), place.secrets)
  const code = codeOf(error)
  if (code === QUERY_CANCELED || /timeout expired/i.test(reason)) {
    const timeoutMs = durationMs(extraction.source.timeout)
    const fault = (attempts: number) =>
      errors.SOURCE_TIMED_OUT({ source, origin, attempts, timeoutMs })
    return { done: false, retry: code !== QUERY_CANCELED, fault }
  }
  const passing = PASSING_NETWORK.test(code) || PASSING_STATE.test(code)
  if (passing || /connection terminated/i.test(reason)) {
    const fault = (attempts: number) =>
      errors.SOURCE_UNREACHABLE({ source, origin, attempts, reason })
    return { done: false, retry: true, fault }
  }
  const fault = () => errors.SOURCE_QUERY_FAILED({ source, origin, reason })
  return { done: false, retry: false, fault }
}

async function readRows(extraction: Extraction<SqlSource>, place: Target): Promise<Rows> {
  const { signal } = extraction
  const timeoutMs = durationMs(extraction.source.timeout)
  const client = new pg.Client({
    connectionString: place.address,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'esteira',
  })
  // Without a listener a connection that breaks between two queries would end the process.
  client.on('error', () => {})
  const end = () => void client.end().catch(() => {})
  signal.addEventListener('abort', end, { once: true })
  const file = openRowFile(`${extraction.folder}/rows.jsonl`)
  try {
    await client.connect()
    const types = await readCursor(client, {
      query: extraction.source.query,
      timeoutMs,
      onBatch: (rows) => {
        file.write(rows)
        extraction.progress(0, `${file.rows} rows`)
        signal.throwIfAborted()
      },
    })
    return { file, types }
  } finally {
    file.close()
    signal.removeEventListener('abort', end)
    await client.end().catch(() => {})
  }
}

function codeOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error
  const code = inner instanceof Error ? Reflect.get(inner, 'code') : undefined
  return typeof code === 'string' ? code : ''
}

function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error
  return inner instanceof Error ? inner.message : String(inner)
}
