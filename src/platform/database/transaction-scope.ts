import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Knows which code runs inside a transaction of one database. A query of the database itself, made
 * and waited for in there, would wait for the transaction that waits for it: for ever with SQLite's
 * one connection, and with PostgreSQL as soon as its connections are all taken.
 */
export class TransactionScope {
  readonly #mark = new AsyncLocalStorage<{ isOpen: boolean }>()

  async run<T>(work: () => Promise<T>): Promise<T> {
    const mark = { isOpen: true }
    try {
      return await this.#mark.run(mark, work)
    } finally {
      mark.isOpen = false
    }
  }

  /** @throws TypeError inside a transaction that is still open. */
  refuseInside(): void {
    if (this.#mark.getStore()?.isOpen)
      throw new TypeError('inside a transaction, only queries of that transaction may be made')
  }
}
