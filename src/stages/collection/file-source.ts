import { quoteLiteral } from '../../platform/storage/index.ts'
import { brokenJsonLine } from './broken-json-line.ts'
import { engineReason } from './engine-reason.ts'
import { errors } from './errors.ts'
import type { Extracted, Extraction } from './extraction.ts'
import { extractionFiles, type FileSource, literalPath } from './source-files.ts'

type ReaderSql = (files: readonly string[]) => string

/** Reads Parquet files, united by column name. */
export function writeParquetFiles(extraction: Extraction<FileSource>): Promise<Extracted> {
  return writeFiles(
    extraction,
    (files) => `SELECT * FROM read_parquet(${fileList(files)}, union_by_name = true)`,
  )
}

/** Reads newline-delimited JSON; column types are detected over the whole of the files. */
export function writeJsonLines(extraction: Extraction<FileSource>): Promise<Extracted> {
  return writeFiles(
    extraction,
    (files) =>
      `SELECT * FROM read_json(${fileList(files)}, format = 'newline_delimited', ` +
      'union_by_name = true, sample_size = -1, maximum_object_size = 67108864)',
  )
}

/** A list of paths as SQL, each taken literally. */
export function fileList(files: readonly string[]): string {
  return `[${files.map((file) => quoteLiteral(literalPath(file))).join(', ')}]`
}

async function writeFiles(
  extraction: Extraction<FileSource>,
  reader: ReaderSql,
): Promise<Extracted> {
  const { files, origin } = extractionFiles(extraction)
  extraction.progress(0, `reading ${files.length} file(s)`)
  try {
    const rows = await extraction.engine.writeParquet(reader(files), extraction.target)
    return { rows, origin }
  } catch (error) {
    const file = await firstUnreadable(extraction, files, reader)
    throw errors.SOURCE_UNREADABLE(
      {
        source: extraction.name,
        file: file?.path ?? origin,
        reason: file?.reason ?? engineReason(error),
      },
      error,
    )
  }
}

/** Reads the files one by one, so that the error names the one at fault. */
async function firstUnreadable(
  extraction: Extraction<FileSource>,
  files: readonly string[],
  reader: ReaderSql,
): Promise<{ path: string; reason: string } | undefined> {
  for (const path of files) {
    try {
      await extraction.engine.writeParquet(reader([path]), `${extraction.folder}/probe.parquet`)
    } catch (error) {
      const line = extraction.source.kind === 'json-lines' ? await brokenJsonLine(path) : undefined
      return { path, reason: line ? `line ${line} is no JSON` : engineReason(error) }
    }
  }
  return undefined
}
