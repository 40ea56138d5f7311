import { errors } from './errors.ts'

/**
 * Checks that columns exist, exactly as written.
 * @throws COLUMN_NOT_FOUND with what was meant, if something is near.
 */
export function requireColumns(options: {
  /** Where the name stands, for the error: `source "flights", knownAt`. */
  readonly where: string
  readonly columns: readonly string[]
  readonly known: readonly string[]
}): void {
  const { where, known } = options
  for (const column of options.columns) {
    if (!known.includes(column)) throw errors.COLUMN_NOT_FOUND({ where, column, known })
  }
}
