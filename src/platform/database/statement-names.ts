/** Uses after which a statement is worth preparing. */
const PREPARED_AFTER = 5
/** Statements prepared at most; each connection keeps its own plan of each. */
const PREPARED_AT_MOST = 200
/** Texts whose uses are counted. */
const COUNTED_AT_MOST = 5_000

/**
 * Names for statements that come again and again: PostgreSQL parses and plans a named statement once
 * a connection. Texts made for one search stay nameless.
 */
export class StatementNames {
  readonly #uses = new Map<string, number>()
  readonly #names = new Map<string, string>()

  /** Undefined while the statement is not worth preparing. */
  nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql)
    if (known !== undefined || this.#names.size >= PREPARED_AT_MOST) return known
    const uses = (this.#uses.get(sql) ?? 0) + 1
    if (uses <= PREPARED_AFTER) {
      if (this.#uses.size >= COUNTED_AT_MOST) this.#uses.clear()
      this.#uses.set(sql, uses)
      return undefined
    }
    this.#uses.delete(sql)
    const name = `esteira_${this.#names.size}`
    this.#names.set(sql, name)
    return name
  }
}
