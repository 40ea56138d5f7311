import { isPlatformError } from '../../core/errors/index.ts'
import type { ArtifactRef, Source } from '../../core/records/index.ts'
import { writeCsv } from './csv-source.ts'
import { errors } from './errors.ts'
import type { Extracted, Extraction, FetchOptions } from './extraction.ts'
import { writeJsonLines, writeParquetFiles } from './file-source.ts'
import { writeHttpJson } from './http-source.ts'
import { writePostgres } from './postgres-source.ts'
import { resolveSecret } from './secrets.ts'
import { writeSqlite } from './sqlite-source.ts'

/** A source's rows as fetched: a Parquet artifact, before horizon and expectations. */
export interface RawTable {
  readonly table: ArtifactRef
  /** Where it came from, without secrets. */
  readonly origin: string
  readonly rows: number
}

/**
 * Fetches a source whole or not at all: the rows become an artifact only after the last one was
 * read; whatever fails before leaves nothing behind.
 *
 * @throws SOURCE_FILES_NOT_FOUND, SOURCE_UNREADABLE, SOURCE_VALUE_INVALID, SOURCE_TYPE_INVALID,
 *   SOURCE_ENVIRONMENT_MISSING, SOURCE_CONNECTION_INVALID, SOURCE_UNREACHABLE, SOURCE_TIMED_OUT,
 *   SOURCE_QUERY_FAILED, SOURCE_HTTP_STATUS, SOURCE_RESPONSE_INVALID, SOURCE_ORIGIN_CHANGED,
 *   SOURCE_TOO_LARGE, SOURCE_EMPTY, COLLECTION_INTERRUPTED
 */
export async function fetchRaw(options: FetchOptions): Promise<RawTable> {
  const { name, artifacts } = options
  const signal = options.signal ?? new AbortController().signal
  const work = artifacts.temporaryFolder()
  try {
    signal.throwIfAborted()
    const extraction = {
      ...options,
      signal,
      progress: options.progress ?? (() => {}),
      folder: work.path,
      target: `${work.path}/rows.parquet`,
    }
    const extracted = await extract(extraction)
    signal.throwIfAborted()
    const table = await artifacts.putFile(extraction.target, {
      name: `${name}.parquet`,
      move: true,
    })
    return { table, ...extracted }
  } catch (error) {
    if (signal.aborted && !isPlatformError(error, 'COLLECTION_INTERRUPTED')) {
      throw errors.COLLECTION_INTERRUPTED({ source: name })
    }
    throw error
  } finally {
    work.dispose()
  }
}

function extract(extraction: Extraction<Source>): Promise<Extracted> {
  const { source, name } = extraction
  switch (source.kind) {
    case 'parquet':
      return writeParquetFiles({ ...extraction, source })
    case 'csv':
      return writeCsv({ ...extraction, source })
    case 'json-lines':
      return writeJsonLines({ ...extraction, source })
    case 'http-json':
      return writeHttpJson({ ...extraction, source })
    case 'sql': {
      const { text } = resolveSecret(source.connection, extraction.environment, name)
      if (text.startsWith('sqlite:')) return writeSqlite({ ...extraction, source })
      if (/^postgres(?:ql)?:\/\//.test(text)) return writePostgres({ ...extraction, source })
      throw errors.SOURCE_CONNECTION_INVALID({
        source: name,
        reason: 'it starts neither with "sqlite:" nor with "postgresql://"',
      })
    }
  }
}
