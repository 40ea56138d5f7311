import { type Counts, frequentCategories, quantiles } from '../../core/statistics/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { ColumnValues } from '../../platform/storage/index.ts'

/** Rows of one value (or range of values) of a column. */
export interface Group {
  readonly value: string
  readonly rows: number
  /** 1 for each row of the group, 0 for the others. */
  readonly counts: Counts
}

export const MISSING = '(missing)'
export const OTHERS = '(others)'

/** Texts beyond these share one group. */
const MAX_CATEGORIES = 20
/** Numbers with at most so many values are taken as they are, not as ranges. */
const MAX_PLAIN_NUMBERS = 8

/** Splits rows by a column: categories for texts, quartiles of the rows for numbers and times. */
export function formGroups(column: ColumnValues): Group[] {
  const labels = column.kind === 'text' ? textLabels(column.values) : numberLabels(column)
  const members = new Map<string, number[]>(labels.order.map((label) => [label, []]))
  labels.byRow.forEach((label, row) => {
    members.get(label)?.push(row)
  })
  const groups: Group[] = []
  for (const [value, rows] of members) {
    if (rows.length === 0) continue
    const counts = new Uint16Array(column.values.length)
    for (const row of rows) counts[row] = 1
    groups.push({ value, rows: rows.length, counts })
  }
  return groups
}

interface Labels {
  readonly order: readonly string[]
  readonly byRow: readonly string[]
}

function textLabels(values: readonly (string | null)[]): Labels {
  const categories = frequentCategories(values, MAX_CATEGORIES)
  const known = new Set(categories)
  const byRow = values.map((text) =>
    text === null || text === '' ? MISSING : known.has(text) ? text : OTHERS,
  )
  return { order: [...categories, OTHERS, MISSING], byRow }
}

function numberLabels(column: Extract<ColumnValues, { values: Float64Array }>): Labels {
  const show = (value: number) =>
    column.kind === 'time' ? isoTime(value) : String(Number(value.toPrecision(6)))
  const distinct = new Set(column.values.filter((value) => !Number.isNaN(value)))
  const plain = distinct.size <= MAX_PLAIN_NUMBERS
  const edges = plain
    ? [...distinct].sort((a, b) => a - b)
    : [...new Set(quantiles(column.values, [0.25, 0.5, 0.75]))]
  const names = plain ? edges.map(show) : rangeNames(edges.map(show))
  const byRow = Array.from(column.values, (value) => {
    if (Number.isNaN(value)) return MISSING
    const place = edges.findIndex((edge) => value <= edge)
    return names[place < 0 ? edges.length : place] ?? OTHERS
  })
  return { order: [...names, MISSING], byRow }
}

/** `≤ a`, `> a to b`, `> b`. */
function rangeNames(edges: readonly string[]): string[] {
  const last = edges.at(-1)
  const names = edges.map((edge, i) => (i === 0 ? `≤ ${edge}` : `> ${edges[i - 1]} to ${edge}`))
  return last === undefined ? names : [...names, `> ${last}`]
}
