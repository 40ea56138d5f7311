import { quoteIdentifier, quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'
import { engineReason } from './engine-reason.ts'
import { errors } from './errors.ts'
import { requireColumns } from './require-columns.ts'

/** Types tried for a column of texts, in this order; a column none of them fits stays VARCHAR. */
const DETECTED_TYPES: readonly { readonly type: string; readonly pattern: string }[] = [
  { type: 'BOOLEAN', pattern: '(?i)true|false' },
  // A number with leading zeros is a code, not a number.
  { type: 'BIGINT', pattern: '-?(0|[1-9][0-9]*)' },
  {
    type: 'DOUBLE',
    pattern:
      '(?i)[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf(inity)?)',
  },
  { type: 'DATE', pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}' },
  {
    type: 'TIMESTAMP',
    pattern:
      '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?',
  },
]

export interface TypedSelectOptions {
  readonly engine: TableEngine
  /** Name of the source, for errors. */
  readonly source: string
  /** Query whose columns are all VARCHAR. */
  readonly texts: string
  /** DuckDB types by column; absent ones are detected over all rows. */
  readonly types: Readonly<Record<string, string>>
}

/**
 * The query that gives a table of texts its types, each declared value checked.
 * @throws SOURCE_VALUE_INVALID, SOURCE_TYPE_INVALID, COLUMN_NOT_FOUND
 */
export async function typedSelect(options: TypedSelectOptions): Promise<string> {
  const { engine, texts, types } = options
  const columns = (await engine.describe(texts)).map((column) => column.name)
  requireColumns({
    where: `source "${options.source}", types`,
    columns: Object.keys(types),
    known: columns,
  })
  await requireDeclaredTypes(options)
  const undeclared = columns.filter((column) => types[column] === undefined)
  const detected = await detectTypes(engine, texts, undeclared)
  const casts = columns.map((column) => {
    const name = quoteIdentifier(column)
    return `${textAs(name, types[column] ?? detected.get(column) ?? 'VARCHAR')} AS ${name}`
  })
  return `SELECT ${casts.join(', ')} FROM (${texts})`
}

/**
 * Checks that declared types exist and that every text of theirs fits.
 * @throws SOURCE_VALUE_INVALID, SOURCE_TYPE_INVALID
 */
export async function requireDeclaredTypes(options: TypedSelectOptions): Promise<void> {
  await requireTypes(options)
  const declared = Object.entries(options.types).filter(([, type]) => type !== 'VARCHAR')
  if (declared.length === 0) return
  const counts = declared.map(([column, type], index) => {
    const value = quoteIdentifier(column)
    return `count(*) FILTER (${value} IS NOT NULL AND ${textAs(value, type)} IS NULL) AS c${index}`
  })
  const [row] = await options.engine.query<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM (${options.texts})`,
  )
  for (const [index, [column, type]] of declared.entries()) {
    const rows = row?.[`c${index}`] ?? 0
    if (rows > 0) throw await invalidValue(options, { column, type, rows })
  }
}

/** SQL of a text as a type, NULL where it does not fit. Times with a zone are turned into UTC. */
export function textAs(expression: string, type: string): string {
  if (type === 'VARCHAR') return expression
  if (/^TIMESTAMP(?:TZ| WITH TIME ZONE)?$/i.test(type)) {
    return `(TRY_CAST(${expression} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`
  }
  return `TRY_CAST(${expression} AS ${type})`
}

async function detectTypes(
  engine: TableEngine,
  texts: string,
  columns: readonly string[],
): Promise<Map<string, string>> {
  if (columns.length === 0) return new Map()
  const checks = columns.flatMap((column, c) =>
    DETECTED_TYPES.map(({ type, pattern }, t) => {
      const value = quoteIdentifier(column)
      const fits = `regexp_full_match(${value}, ${quoteLiteral(pattern)}) AND ${textAs(value, type)} IS NOT NULL`
      // Without a value bool_and is NULL: a column of nothing stays text.
      return `coalesce(bool_and(${fits}) FILTER (${value} IS NOT NULL), false) AS c${c}_${t}`
    }),
  )
  const [row] = await engine.query<Record<string, boolean>>(
    `SELECT ${checks.join(', ')} FROM (${texts})`,
  )
  const detected = new Map<string, string>()
  for (const [c, column] of columns.entries()) {
    const fit = DETECTED_TYPES.findIndex((_, t) => row?.[`c${c}_${t}`] === true)
    detected.set(column, DETECTED_TYPES[fit]?.type ?? 'VARCHAR')
  }
  return detected
}

async function requireTypes(options: TypedSelectOptions): Promise<void> {
  for (const [column, type] of Object.entries(options.types)) {
    const invalid = (reason: string) =>
      errors.SOURCE_TYPE_INVALID({ source: options.source, column, type, reason })
    if (!/^[A-Za-z][A-Za-z0-9_ ]*(\(\s*\d+\s*(,\s*\d+\s*)?\))?$/.test(type)) {
      throw invalid('it is not a plain type name')
    }
    try {
      await options.engine.describe(`SELECT CAST(NULL AS ${type}) AS value`)
    } catch (error) {
      throw invalid(engineReason(error))
    }
  }
}

async function invalidValue(
  options: TypedSelectOptions,
  bad: { readonly column: string; readonly type: string; readonly rows: number },
): Promise<Error> {
  const value = quoteIdentifier(bad.column)
  const [first] = await options.engine.query<{ value: string; row: number }>(
    `SELECT value, row FROM (
       SELECT ${value} AS value, row_number() OVER () AS row FROM (${options.texts}))
     WHERE value IS NOT NULL AND ${textAs('value', bad.type)} IS NULL ORDER BY row LIMIT 1`,
  )
  const { value: found = '', row = 0 } = first ?? {}
  return errors.SOURCE_VALUE_INVALID({ source: options.source, ...bad, value: found, row })
}
