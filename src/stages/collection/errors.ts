import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

const dataFault = { status: 422, exit: 'data', blame: 'caller' } as const
const systemFault = { status: 502, exit: 'data', blame: 'system', retryable: true } as const

/** What can go wrong between a source and its snapshot. No detail ever holds a secret. */
export const errors = defineErrors({
  SOURCE_FILES_NOT_FOUND: problem<{ source: string; pattern: string; folder: string }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}": no file matches "${d.pattern}" in ${d.folder}; expected at least one`,
    hint: () =>
      'Correct "path" in the project file, or put the files there. Paths are relative to the project file.',
  }),
  SOURCE_UNREADABLE: problem<{ source: string; file: string; reason: string }>({
    ...dataFault,
    message: (d) => `source "${d.source}": ${d.file} cannot be read: ${d.reason}`,
    hint: () => 'Repair or fetch the file again; a cut-off download is the usual cause.',
  }),
  SOURCE_VALUE_INVALID: problem<{
    source: string
    column: string
    type: string
    value: string
    row: number
    rows: number
  }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}": column "${d.column}" is declared ${d.type}, but ${d.rows} value(s) are not, first "${d.value}" in data row ${d.row}`,
    hint: () => 'Correct the data, or declare another type under "types".',
  }),
  SOURCE_TYPE_INVALID: problem<{ source: string; column: string; type: string; reason: string }>({
    ...dataFault,
    exit: 'usage',
    message: (d) =>
      `source "${d.source}": type "${d.type}" of column "${d.column}" is no DuckDB type: ${d.reason}`,
    hint: () => 'Use a DuckDB type such as BIGINT, DOUBLE, VARCHAR, BOOLEAN, DATE or TIMESTAMP.',
  }),
  SOURCE_ENVIRONMENT_MISSING: problem<{ source: string; variable: string }>({
    ...dataFault,
    exit: 'environment',
    message: (d) => `source "${d.source}": environment variable ${d.variable} is not set`,
    hint: (d) => `Set it for this run: ${d.variable}=… esteira run`,
  }),
  SOURCE_CONNECTION_INVALID: problem<{ source: string; reason: string }>({
    ...dataFault,
    exit: 'usage',
    message: (d) => `source "${d.source}": the address cannot be used: ${d.reason}`,
    hint: () =>
      'Use "sqlite:path/to/file.db" or "postgresql://host/database" for sql, http:// or https:// for http-json.',
  }),
  SOURCE_UNREACHABLE: problem<{
    source: string
    origin: string
    attempts: number
    reason: string
  }>({
    ...systemFault,
    message: (d) =>
      `source "${d.source}": ${d.origin} cannot be reached after ${d.attempts} attempt(s): ${d.reason}`,
    hint: () => 'Check that it runs and that this machine may reach it, then run again.',
  }),
  SOURCE_TIMED_OUT: problem<{
    source: string
    origin: string
    attempts: number
    timeoutMs: number
  }>({
    ...systemFault,
    status: 504,
    message: (d) =>
      `source "${d.source}": ${d.origin} gave no answer within ${d.timeoutMs} ms in ${d.attempts} attempt(s)`,
    hint: () => 'Raise "timeout", or ask for less at a time.',
  }),
  SOURCE_QUERY_FAILED: problem<{ source: string; origin: string; reason: string }>({
    ...dataFault,
    message: (d) => `source "${d.source}": the query failed at ${d.origin}: ${d.reason}`,
    hint: () => 'Run the query by hand with the same user, and correct it in the project file.',
  }),
  SOURCE_HTTP_STATUS: problem<{
    source: string
    origin: string
    httpStatus: number
    attempts: number
  }>({
    ...systemFault,
    message: (d) =>
      `source "${d.source}": ${d.origin} answered HTTP ${d.httpStatus} in ${d.attempts} attempt(s); expected 200`,
    hint: (d) =>
      d.httpStatus === 401 || d.httpStatus === 403
        ? 'Check the credentials in "headers".'
        : 'Check the address; with a 5xx, try again later.',
  }),
  SOURCE_RESPONSE_INVALID: problem<{
    source: string
    origin: string
    path: string
    expected: string
    got: string
  }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}": the answer of ${d.origin} has ${d.got} at "${d.path}"; expected ${d.expected}`,
    hint: () => 'Compare "items" and "paging" with what the interface answers.',
  }),
  SOURCE_ORIGIN_CHANGED: problem<{ source: string; origin: string; target: string }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}": ${d.origin} leads to another origin, ${d.target}; it was not followed`,
    hint: () => 'If that origin is trusted, write its address into "url".',
  }),
  SOURCE_TOO_LARGE: problem<{ source: string; origin: string; what: string; limit: number }>({
    ...dataFault,
    message: (d) => `source "${d.source}": ${d.origin} gave more than ${d.limit} ${d.what}`,
    hint: () => 'Ask for smaller pages, or raise "maxPages".',
  }),
  SOURCE_EMPTY: problem<{ source: string; origin: string }>({
    ...dataFault,
    message: (d) => `source "${d.source}": ${d.origin} gave no rows, so its columns are not known`,
    hint: () => 'If an empty answer is right, declare the columns under "types".',
  }),
  COLLECTION_INTERRUPTED: problem<{ source: string }>({
    status: 503,
    exit: 'interrupted',
    blame: 'caller',
    retryable: true,
    message: (d) => `collecting source "${d.source}" was interrupted; nothing of it was kept`,
    hint: () => 'Run again: finished sources are not fetched a second time.',
  }),
  COLUMN_NOT_FOUND: problem<{ where: string; column: string; known: readonly string[] }>({
    ...dataFault,
    message: (d) =>
      `${d.where}: there is no column "${d.column}"; the columns are ${d.known.join(', ')}`,
    hint: (d) =>
      didYouMean(d.column, d.known) || 'Correct the name, or find out why the column vanished.',
  }),
  SNAPSHOT_EMPTY: problem<{ source: string; fetched: number; asOf: string | null }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}": no row is left of ${d.fetched}${d.asOf === null ? '' : ` known before ${d.asOf}`}; expected at least one`,
    hint: () =>
      'Check the source and "knownAt"; where an empty table is right, expect a row-count with min 0.',
  }),
  COLLECTION_TOLERANCE_EXCEEDED: problem<{
    source: string
    quarantined: number
    rows: number
    tolerance: number
    rules: readonly string[]
    file: string
  }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}": ${d.quarantined} of ${d.rows} rows break an expectation (${d.rules.join('; ')}), more than the tolerated share of ${d.tolerance}`,
    hint: (d) =>
      `Look at the rows in ${d.file} (column "__broken"), then correct the data, the expectation or "tolerance".`,
  }),
  EXPECTATION_BROKEN: problem<{
    source: string
    expectation: string
    observed: string
    expected: string
  }>({
    ...dataFault,
    message: (d) =>
      `source "${d.source}" breaks "${d.expectation}": expected ${d.expected}, observed ${d.observed}`,
    hint: () => 'Fetch complete or newer data, or correct the expectation.',
  }),
  EXPECTATION_INVALID: problem<{ source: string; expectations: string; reason: string }>({
    ...dataFault,
    exit: 'usage',
    message: (d) =>
      `source "${d.source}": the expectations (${d.expectations}) cannot be judged: ${d.reason}`,
    hint: () => 'Make the expectation fit the column’s type.',
  }),
  EXPECTATION_SOURCE_NOT_FOUND: problem<{
    source: string
    expectation: string
    reference: string
    known: readonly string[]
  }>({
    ...dataFault,
    exit: 'usage',
    message: (d) =>
      `source "${d.source}", expectation "${d.expectation}": there is no source "${d.reference}"`,
    hint: (d) => didYouMean(d.reference, d.known) || `Sources are: ${d.known.join(', ')}`,
  }),
  SOURCE_CYCLE: problem<{ sources: readonly string[] }>({
    ...dataFault,
    exit: 'usage',
    message: (d) => `sources refer to each other in a circle: ${d.sources.join(' → ')}`,
    hint: () => 'Drop one of the "reference" expectations.',
  }),
})
