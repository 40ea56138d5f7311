import { sql } from 'kysely'
import type { Database } from '../database/index.ts'
import { among } from './sql-lists.ts'

/** Keys remembered at most; hostile clients could log a new key each time. */
const MOST_REMEMBERED = 100_000

/**
 * The numbers that stand for keys of metrics, parameters and tags in the rows of runs. A number never
 * changes and never goes away, so what is remembered here is never stale.
 */
export class EntryKeys {
  readonly #database: Database
  readonly #numbers = new Map<string, number>()
  readonly #texts = new Map<number, string>()

  constructor(database: Database) {
    this.#database = database
  }

  /** True for a key that was stored before, and so is valid. */
  isKnown(key: string): boolean {
    return this.#numbers.has(key)
  }

  /** The number of a key, if anything was ever logged under it. */
  async find(key: string): Promise<number | undefined> {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    await this.#read([key])
    return this.#numbers.get(key)
  }

  /** Numbers of all these keys; new keys get one. Not inside a transaction: it commits by itself. */
  async ensure(keys: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const wanted = [...new Set(keys)]
    let missing = wanted.filter((key) => !this.#numbers.has(key))
    if (missing.length > 0) {
      await this.#read(missing)
      missing = missing.filter((key) => !this.#numbers.has(key))
      if (missing.length > 0) await this.#create(missing)
    }
    return new Map(wanted.map((key) => [key, this.#known(key)]))
  }

  /** Texts of all these numbers. */
  async texts(numbers: Iterable<number>): Promise<(number: number) => string> {
    const missing = [...new Set(numbers)].filter((number) => !this.#texts.has(number))
    const found = new Map<number, string>()
    if (missing.length > 0) {
      const { dialect, queries } = this.#database
      const rows = await queries
        .selectFrom('entry_keys')
        .selectAll()
        .where(among(dialect, sql.ref('number'), missing))
        .execute()
      for (const { key, number } of rows) {
        found.set(number, key)
        this.#remember(key, number)
      }
    }
    return (number) => this.#texts.get(number) ?? found.get(number) ?? String(number)
  }

  #known(key: string): number {
    const number = this.#numbers.get(key)
    if (number === undefined) throw new Error(`the key ${JSON.stringify(key)} has no number`)
    return number
  }

  async #create(keys: readonly string[]): Promise<void> {
    // In order, so that two servers that add the same keys wait for each other and never in a circle.
    const rows = keys.toSorted().map((key) => ({ key }))
    for (let start = 0; start < rows.length; start += 500) {
      await this.#database.queries
        .insertInto('entry_keys')
        .values(rows.slice(start, start + 500))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    await this.#read(keys)
  }

  async #read(keys: readonly string[]): Promise<void> {
    const { dialect, queries } = this.#database
    const rows = await queries
      .selectFrom('entry_keys')
      .selectAll()
      .where(among(dialect, sql.ref('key'), keys))
      .execute()
    if (this.#numbers.size + rows.length > MOST_REMEMBERED) this.#forget()
    for (const { key, number } of rows) this.#remember(key, number)
  }

  #remember(key: string, number: number): void {
    this.#numbers.set(key, number)
    this.#texts.set(number, key)
  }

  #forget(): void {
    this.#numbers.clear()
    this.#texts.clear()
  }
}
