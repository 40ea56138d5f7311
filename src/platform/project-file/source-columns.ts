import { globSync } from 'node:fs'
import path from 'node:path'
import { isPlatformError } from '../../core/errors/index.ts'
import type { Project, Source } from '../../core/records/index.ts'
import { quoteLiteral, type TableColumn, type TableEngine } from '../storage/index.ts'

/** What could be learned of a source without fetching it. */
export type SourceColumns =
  | { readonly kind: 'known'; readonly columns: readonly TableColumn[] }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'broken'; readonly expected: string; readonly got: string }

type FileSource = Extract<Source, { path: string | string[] }>

/** The first sentence of an engine's error, without its kind. */
export function engineReason(error: unknown): string {
  const reason = isPlatformError(error) ? String(error.details.reason) : String(error)
  return (reason.split('\n')[0] ?? reason).replace(/^(\w+ )?\w+ Error: /, '')
}

function readerSql(source: FileSource, files: readonly string[]): string {
  const list = `[${files.map(quoteLiteral).join(', ')}]`
  if (source.kind === 'parquet') return `SELECT * FROM read_parquet(${list}, union_by_name = true)`
  if (source.kind === 'json-lines') {
    return `SELECT * FROM read_json(${list}, format = 'newline_delimited', union_by_name = true)`
  }
  const options = [
    `delim = ${quoteLiteral(source.delimiter)}`,
    `header = ${source.header}`,
    `nullstr = ${quoteLiteral(source.nullText)}`,
    'union_by_name = true',
  ]
  return `SELECT * FROM read_csv(${list}, ${options.join(', ')})`
}

async function fileColumns(
  source: FileSource,
  folder: string,
  engine: TableEngine,
): Promise<SourceColumns> {
  const globs = [source.path].flat()
  const files = globs.flatMap((glob) => globSync(glob, { cwd: folder }))
  if (files.length === 0) {
    return { kind: 'broken', expected: 'files', got: `none at ${globs.join(', ')}` }
  }
  const paths = files.map((file) => path.resolve(folder, file)).toSorted()
  try {
    return { kind: 'known', columns: await engine.describe(readerSql(source, paths)) }
  } catch (error) {
    return { kind: 'broken', expected: `readable ${source.kind} files`, got: engineReason(error) }
  }
}

/**
 * Columns of a source: by its newest snapshot's schema where there is one, by a look at the files
 * otherwise. Databases and APIs are not called by a check.
 */
export async function sourceColumns(
  name: string,
  options: {
    readonly project: Project
    readonly folder: string
    readonly engine: TableEngine
    readonly snapshots: Readonly<Record<string, readonly TableColumn[]>>
  },
): Promise<SourceColumns> {
  const source = options.project.sources[name]
  const snapshot = options.snapshots[name]
  if (source !== undefined && 'path' in source) {
    return fileColumns(source, options.folder, options.engine)
  }
  if (snapshot !== undefined) return { kind: 'known', columns: snapshot }
  return { kind: 'unknown', why: 'a check does not call it, and there is no snapshot of it yet' }
}
