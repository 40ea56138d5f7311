import { extname } from 'node:path'
import { quoteLiteral } from '../../platform/storage/index.ts'
import { predictFileErrors } from './errors.ts'

const FORMATS = { '.parquet': 'parquet', '.csv': 'csv', '.jsonl': 'jsonl' } as const
export type RowsFormat = (typeof FORMATS)[keyof typeof FORMATS]

/** Texts in a CSV file that mean a missing value, unless they stand in quotes: as the gateway reads. */
const MISSING = ['', 'NaN', 'nan', 'NA', 'N/A', 'null', 'NULL', 'None']

/** @throws ROWS_FILE_UNFIT */
export function formatOf(file: string): RowsFormat {
  const ending = extname(file).toLowerCase()
  const format = Object.entries(FORMATS).find(([known]) => known === ending)?.[1]
  if (format === undefined) {
    throw predictFileErrors.ROWS_FILE_UNFIT({ file, known: Object.keys(FORMATS) })
  }
  return format
}

/** The path as the engine takes it: stars and brackets are no patterns. */
function literal(file: string): string {
  return quoteLiteral(file.replace(/[*?[]/g, '[$&]'))
}

/** Rows with the types that the file has or, for JSON, seems to have. */
export function detectedSql(file: string, format: RowsFormat): string {
  if (format === 'parquet') return `SELECT * FROM read_parquet(${literal(file)})`
  if (format === 'jsonl') {
    return `SELECT * FROM read_json(${literal(file)}, format = 'newline_delimited',
      sample_size = -1, maximum_object_size = 67108864)`
  }
  const missing = MISSING.map(quoteLiteral).join(', ')
  return `SELECT * FROM read_csv(${literal(file)}, header = true, all_varchar = true, delim = ',',
    quote = '"', escape = '"', strict_mode = true, nullstr = [${missing}],
    allow_quoted_nulls = false)`
}

/** Each line of a JSON file as one value, so that what was written is what is judged. */
export function linesSql(file: string): string {
  return `SELECT json FROM read_ndjson_objects(${literal(file)}, maximum_object_size = 67108864)`
}

/** How the engine is told to write a format other than Parquet. */
export const COPY_OPTIONS: Readonly<Record<Exclude<RowsFormat, 'parquet'>, string>> = {
  csv: 'FORMAT csv, HEADER',
  jsonl: 'FORMAT json',
}
