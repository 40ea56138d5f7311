import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import {
  DOUBLE,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBMaterializedResult,
} from '@duckdb/node-api'
import { columnarSql, columnKind, readNumbers, readTexts } from './duckdb-columns.ts'
import { tableError } from './duckdb-errors.ts'
import { plainValue } from './duckdb-values.ts'
import { quoteIdentifier, quoteLiteral, subquery } from './sql-text.ts'
import type { ColumnValues, SqlValue, TableColumn, TableEngine } from './table-engine.ts'

export interface TableEngineOptions {
  /** Where large sorts and joins spill to; made when absent. */
  readonly temporaryFolder: string
  /**
   * Threads of the engine, default 2. With more than one, sums and means of DOUBLE may differ in
   * the last bits from run to run, since the order of addition does; with one thread they do not.
   */
  readonly threads?: number
  /** Default 1,024. */
  readonly memoryLimitMb?: number
}

/** What `openTableEngine` opens. */
export async function openDuckDb(options: TableEngineOptions): Promise<TableEngine> {
  mkdirSync(options.temporaryFolder, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 2),
    memory_limit: `${options.memoryLimitMb ?? 1024}MB`,
    temp_directory: options.temporaryFolder,
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run('SET lock_configuration = true')
  return new DuckDbTableEngine(instance, connection)
}

class DuckDbTableEngine implements TableEngine {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  #last: Promise<unknown> = Promise.resolve()
  readonly #files = new Map<string, string>()
  #closed = false

  constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  query<T = Record<string, unknown>>(
    sql: string,
    parameters: readonly SqlValue[] = [],
  ): Promise<T[]> {
    return this.#inTurn(async () => {
      const result = await this.#run(sql, parameters)
      try {
        return (await result.convertRowObjects(plainValue)) as T[]
      } catch (error) {
        throw this.#error(error, sql)
      }
    })
  }

  columns(sql: string): Promise<Record<string, ColumnValues>> {
    return this.#inTurn(async () => {
      const columns = await this.#describe(sql)
      const names = columns.map((column) => column.name.toLowerCase())
      const twice = columns.find((column, i) => names.indexOf(column.name.toLowerCase()) !== i)
      if (twice) throw tableError(new Error(`column "${twice.name}" is there twice`), sql)
      const chunks = await this.#chunks(columnarSql(sql, columns))
      const read = columns.map(({ name, type }, index): [string, ColumnValues] => {
        const kind = columnKind(type)
        return kind === 'text'
          ? [name, { kind, type, values: readTexts(chunks, index) }]
          : [name, { kind, type, values: readNumbers(chunks, index) }]
      })
      return Object.fromEntries(read)
    })
  }

  async execute(sql: string): Promise<void> {
    await this.#inTurn(() => this.#run(sql))
  }

  async register(name: string, parquetPath: string): Promise<void> {
    const sql = `CREATE OR REPLACE VIEW ${quoteIdentifier(name)} AS SELECT * FROM read_parquet([${quoteLiteral(parquetPath)}])`
    await this.#inTurn(async () => {
      this.#files.set(name, parquetPath)
      await this.#run(sql)
    })
  }

  describe(sql: string): Promise<TableColumn[]> {
    return this.#inTurn(() => this.#describe(sql))
  }

  writeParquet(sql: string, path: string): Promise<number> {
    return this.#inTurn(async () => {
      const beside = `${path}.${randomBytes(6).toString('hex')}.partial`
      try {
        const copy = `COPY ${subquery(sql)} TO ${quoteLiteral(beside)} (FORMAT parquet, COMPRESSION zstd)`
        const result = await this.#run(copy)
        renameSync(beside, path)
        return result.rowsChanged
      } finally {
        rmSync(beside, { force: true })
      }
    })
  }

  async close(): Promise<void> {
    await this.#last
    if (this.#closed) return
    this.#closed = true
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  /** One call after the other, in the order they were asked. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #describe(sql: string): Promise<TableColumn[]> {
    const result = await this.#run(`DESCRIBE ${subquery(sql)}`)
    const rows = await result.getRowObjectsJS()
    return rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
  }

  /** Names the files of the views that the SQL mentions. */
  #error(error: unknown, sql: string) {
    const views = [...this.#files].filter(([name]) => sql.includes(name))
    return tableError(
      error,
      sql,
      views.map(([, path]) => path),
    )
  }

  /** Streamed: the engine need not hold a second copy of the rows. */
  async #chunks(sql: string): Promise<DuckDBDataChunk[]> {
    try {
      const result = await this.#connection.stream(sql)
      return await result.fetchAllChunks()
    } catch (error) {
      throw this.#error(error, sql)
    }
  }

  async #run(sql: string, parameters: readonly SqlValue[] = []): Promise<DuckDBMaterializedResult> {
    if (this.#closed) throw tableError(new Error('the table engine is closed'), sql)
    try {
      if (parameters.length === 0) return await this.#connection.run(sql)
      // Whole numbers beyond 2^53 would be bound as BIGINT, which they overflow.
      const types = parameters.map((value) =>
        typeof value === 'number' && !Number.isSafeInteger(value) ? DOUBLE : undefined,
      )
      const typed = Object.fromEntries(types.map((type, i) => [String(i + 1), type]))
      const values = Object.fromEntries(parameters.map((value, i) => [String(i + 1), value]))
      return await this.#connection.run(sql, values, typed)
    } catch (error) {
      throw this.#error(error, sql)
    }
  }
}
