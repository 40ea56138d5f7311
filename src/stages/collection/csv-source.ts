import type { Source } from '../../core/records/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../platform/storage/index.ts'
import { readCsvHeader } from './csv-header.ts'
import { engineReason } from './engine-reason.ts'
import { errors } from './errors.ts'
import type { Extracted, Extraction } from './extraction.ts'
import { fileList } from './file-source.ts'
import { extractionFiles } from './source-files.ts'
import { typedSelect } from './typed-select.ts'

type CsvSource = Extract<Source, { kind: 'csv' }>

/**
 * Reads CSV files, united by column name.
 *
 * Every line is first read as texts against the header's columns, so that a line with too few or
 * too many fields, or an open quote, stops with file and line instead of shifting the dialect that
 * is guessed. Types are then decided over all rows.
 */
export async function writeCsv(extraction: Extraction<CsvSource>): Promise<Extracted> {
  const { engine, source, name, folder, target } = extraction
  const { files, origin } = extractionFiles(extraction)
  const parts: string[] = []
  for (const [index, file] of files.entries()) {
    extraction.signal.throwIfAborted()
    extraction.progress(index / files.length, `reading ${file}`)
    const header = readCsvHeader({ ...source, file, name })
    const part = `${folder}/part-${index}.parquet`
    try {
      await engine.writeParquet(textsSql(file, source, header), part)
    } catch (error) {
      throw errors.SOURCE_UNREADABLE({ source: name, file, reason: engineReason(error) }, error)
    }
    parts.push(part)
  }
  const texts = `SELECT * FROM read_parquet(${fileList(parts)}, union_by_name = true)`
  const select = await typedSelect({ engine, source: name, texts, types: source.types })
  return { rows: await engine.writeParquet(select, target), origin }
}

function textsSql(file: string, source: CsvSource, header: readonly string[]): string {
  const columns = header.map((column) => `${quoteLiteral(column)}: 'VARCHAR'`).join(', ')
  const select = header.map(quoteIdentifier).join(', ')
  return (
    `SELECT ${select} FROM read_csv(${fileList([file])}, auto_detect = false, strict_mode = true, ` +
    `delim = ${quoteLiteral(source.delimiter)}, quote = '"', escape = '"', header = ${source.header}, ` +
    `nullstr = ${quoteLiteral(source.nullText)}, columns = {${columns}})`
  )
}
