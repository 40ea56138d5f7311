import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { postgresError } from './postgres-errors.ts'
import { StatementNames } from './statement-names.ts'
import type { TransactionScope } from './transaction-scope.ts'

/** Kysely over a pool of `pg`, with our codes on its errors; a broken connection is not used again. */
export class PostgresDriver implements Driver {
  readonly #pool: Pool
  readonly #place: string
  readonly #names = new StatementNames()
  readonly #scope: TransactionScope

  constructor(pool: Pool, place: string, scope: TransactionScope) {
    this.#pool = pool
    this.#place = place
    this.#scope = scope
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    this.#scope.refuseInside()
    try {
      return new PostgresConnection(await this.#pool.connect(), this.#place, this.#names)
    } catch (error) {
      throw postgresError(error, this.#place)
    }
  }

  beginTransaction(connection: PostgresConnection): Promise<void> {
    return connection.command('BEGIN')
  }

  commitTransaction(connection: PostgresConnection): Promise<void> {
    return connection.command('COMMIT')
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    // A connection that cannot even roll back is closed on release, and the server undoes its work.
    if (!connection.broken) await connection.command('ROLLBACK').catch(() => {})
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }

  /** The pool is ended by who made it. */
  async destroy(): Promise<void> {}
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: PoolClient
  readonly #place: string
  readonly #names: StatementNames
  readonly #onError = () => {
    this.broken = true
  }
  broken = false

  constructor(client: PoolClient, place: string, names: StatementNames) {
    this.#client = client
    this.#place = place
    this.#names = names
    // Without a listener, the end of a connection in use would end the process.
    client.on('error', this.#onError)
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const name = this.#names.nameOf(query.sql)
    const values = [...query.parameters]
    try {
      const result = await this.#client.query(
        name === undefined ? { text: query.sql, values } : { name, text: query.sql, values },
      )
      return {
        rows: result.rows ?? [],
        ...(result.rowCount === null ? {} : { numAffectedRows: BigInt(result.rowCount) }),
      }
    } catch (error) {
      throw this.#coded(error)
    }
  }

  async command(sql: string): Promise<void> {
    try {
      await this.#client.query(sql)
    } catch (error) {
      throw this.#coded(error)
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('whole results are read; ask for pages instead')
  }

  release(): void {
    this.#client.off('error', this.#onError)
    this.#client.release(this.broken)
  }

  #coded(error: unknown): unknown {
    const failure = postgresError(error, this.#place)
    if (failure instanceof Error && 'code' in failure && failure.code === 'DATABASE_UNREACHABLE') {
      this.broken = true
    }
    return failure
  }
}
