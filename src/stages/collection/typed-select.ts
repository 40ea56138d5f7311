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

const SAMPLE_ROWS = 2_000

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

/**
 * The first type that fits every text of a column. What the first rows rule out is not tried on all
 * of them, so that usually one pass decides.
 */
async function detectTypes(
  engine: TableEngine,
  texts: string,
  columns: readonly string[],
): Promise<Map<string, string>> {
  const detected = new Map<string, string>()
  const sample = `SELECT * FROM (${texts}) LIMIT ${SAMPLE_ROWS}`
  const all = columns.flatMap((column) => DETECTED_TYPES.map((type) => ({ column, ...type })))
  let open = await fitting({ engine, texts: sample, options: all, withoutValues: true })
  while (open.length > 0) {
    const first = open.filter(({ column }, i) => open.findIndex((o) => o.column === column) === i)
    const found = await fitting({ engine, texts, options: first, withoutValues: false })
    for (const { column, type } of found) detected.set(column, type)
    open = open.filter((option) => !first.includes(option) && !detected.has(option.column))
  }
  return detected
}

interface TypeOption {
  readonly column: string
  readonly type: string
  readonly pattern: string
}

/** Those options that fit every text of their column in a query's rows. */
async function fitting(of: {
  readonly engine: TableEngine
  readonly texts: string
  readonly options: readonly TypeOption[]
  /** What a column without a single value counts as. */
  readonly withoutValues: boolean
}): Promise<TypeOption[]> {
  const { options } = of
  if (options.length === 0) return []
  const checks = options.map(({ column, type, pattern }, index) => {
    const value = quoteIdentifier(column)
    // CASE, unlike AND, spares the texts that do not match the dear attempt to convert them.
    const fits = `CASE WHEN regexp_full_match(${value}, ${quoteLiteral(pattern)}) THEN ${textAs(value, type)} IS NOT NULL ELSE false END`
    return `bool_and(${fits}) FILTER (${value} IS NOT NULL) AS c${index}`
  })
  const [row] = await of.engine.query<Record<string, boolean | null>>(
    `SELECT ${checks.join(', ')} FROM (${of.texts})`,
  )
  return options.filter((_, index) => row?.[`c${index}`] ?? of.withoutValues)
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
