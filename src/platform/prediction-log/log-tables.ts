/** What the log keeps, each in Parquet files of its own. */
export const ENTRY_KINDS = ['predictions', 'exposures', 'labels', 'mirrored'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** The journal's short names and their types, in lines of every kind. */
export const LINE_COLUMNS = {
  k: 'VARCHAR',
  w: 'BIGINT',
  i: 'VARCHAR',
  e: 'VARCHAR',
  v: 'BIGINT',
  r: 'VARCHAR',
  t: 'DOUBLE',
  x: 'JSON',
  o: 'DOUBLE[]',
  d: 'BOOLEAN',
  u: 'DOUBLE',
  f: 'VARCHAR[]',
  a: 'VARCHAR',
  y: 'VARCHAR',
  l: 'VARCHAR',
  n: 'BIGINT',
  q: 'DOUBLE',
  s: 'DOUBLE',
  m: 'VARCHAR',
} as const

const TIME = 'make_timestamp(CAST(round(t * 1000) AS BIGINT)) AS time'
const WRITTEN = 'make_timestamp(w) AS written'

/** The columns of a kind, from the lines' short names; the README says what they mean. */
const COLUMNS: Readonly<Record<EntryKind, string>> = {
  predictions: `i AS id, e AS endpoint, v AS version, r AS role, ${TIME}, CAST(x AS VARCHAR) AS inputs, o AS output, d AS decision, u AS latency_us, f AS flags, ${WRITTEN}`,
  exposures: `a AS test, y AS key, e AS endpoint, r AS arm, v AS version, i AS prediction, ${TIME}, ${WRITTEN}`,
  labels: `i AS id, l AS label, ${TIME}, ${WRITTEN}`,
  mirrored: `e AS endpoint, v AS version, i AS id, ${TIME}, r AS outcome, n AS count, q AS difference, d AS changed, s AS stable_latency_us, u AS latency_us, m AS error, ${WRITTEN}`,
}

const LINE_KIND: Readonly<Record<EntryKind, string>> = {
  predictions: 'p',
  exposures: 'x',
  labels: 'l',
  mirrored: 'm',
}

/** A table of lines for one journal's rows and the next ones'. */
export const TAIL_TABLE = `CREATE TABLE tail (journal VARCHAR, ${Object.entries(LINE_COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ')})`

/** The lines of a file of JSON lines. @param path an SQL literal */
export function linesSql(path: string): string {
  const columns = Object.entries(LINE_COLUMNS).map(([name, type]) => `${name}: '${type}'`)
  return `SELECT * FROM read_ndjson(${path}, columns = {${columns.join(', ')}}, maximum_object_size = 16777216)`
}

/** One kind's rows of a table (or query) of lines. */
export function kindSql(kind: EntryKind, lines: string): string {
  return `SELECT ${COLUMNS[kind]} FROM ${lines} WHERE k = '${LINE_KIND[kind]}'`
}
