import { type RawBuilder, sql } from 'kysely'
import { didYouMean } from '../../../core/errors/index.ts'
import { catalogErrors } from './errors.ts'

/** One column of an order, as SQL of ours. */
export interface SortColumn {
  /** Key under which the row gives its value. */
  readonly name: string
  readonly column: RawBuilder<unknown>
  readonly isNumber: boolean
  readonly descending: boolean
}

export interface SortField {
  readonly name: string
  readonly column: RawBuilder<unknown>
  readonly isNumber: boolean
}

const TERM = /^\s*(?:attributes?\s*\.\s*)?([`"]?)(\w+)\1(?:\s+(ASC|DESC))?\s*$/i

/**
 * The columns of `order_by`, then those of the tie-break that it does not name.
 * @throws MODEL_SEARCH_INVALID for an unknown or repeated field
 */
export function sortColumns(options: {
  readonly orderBy: readonly string[]
  readonly fields: Readonly<Record<string, SortField>>
  readonly tieBreak: readonly SortColumn[]
}): SortColumn[] {
  const columns = options.orderBy.map((term) => sortColumn(term, options.fields))
  const names = columns.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw catalogErrors.MODEL_SEARCH_INVALID({ reason: `its order names ${twice} twice` })
  }
  return [...columns, ...options.tieBreak.filter(({ name }) => !names.includes(name))]
}

function sortColumn(term: string, fields: Readonly<Record<string, SortField>>): SortColumn {
  const match = TERM.exec(term)
  const key = match?.[2] ?? ''
  if (match === null || !Object.hasOwn(fields, key)) {
    const known = Object.keys(fields)
    const hint = match === null ? '' : ` ${didYouMean(key, known)}`
    const reason = `it cannot be ordered by "${term.slice(0, 100)}", only by ${known.join(', ')}.${hint}`
    throw catalogErrors.MODEL_SEARCH_INVALID({ reason: reason.trim() })
  }
  const field = fields[key]
  if (field === undefined) throw new TypeError(`no field ${key}`)
  return { ...field, descending: match[3]?.toUpperCase() === 'DESC' }
}

/** Rows that come after the given values in this order. */
export function afterPosition(
  columns: readonly SortColumn[],
  position: readonly (string | number)[],
): RawBuilder<boolean> {
  const fits =
    position.length === columns.length &&
    columns.every(({ isNumber }, i) => typeof position[i] === (isNumber ? 'number' : 'string'))
  if (!fits) {
    throw catalogErrors.MODEL_SEARCH_INVALID({ reason: 'its page token cannot be read' })
  }
  const alternatives = columns.map(({ column, descending }, i) => {
    const equal = columns.slice(0, i).map((before, j) => sql`${before.column} = ${position[j]}`)
    const beyond = sql`${column} ${sql.raw(descending ? '<' : '>')} ${position[i]}`
    return sql`(${sql.join([...equal, beyond], sql` AND `)})`
  })
  return sql<boolean>`(${sql.join(alternatives, sql` OR `)})`
}

export function orderClause(columns: readonly SortColumn[]): RawBuilder<unknown> {
  const terms = columns.map(
    ({ column, descending }) => sql`${column} ${sql.raw(descending ? 'DESC' : 'ASC')}`,
  )
  return sql.join(terms)
}
