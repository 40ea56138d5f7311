import { DuckDBInstance } from '@duckdb/node-api'

/** Rows of a small Parquet file as JSON values: instants as `YYYY-MM-DD HH:MM:SS` text in UTC. */
export async function readParquet(path: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  try {
    const connection = await instance.connect()
    try {
      await connection.run(
        `CREATE VIEW rows AS SELECT * FROM read_parquet('${path.replaceAll("'", "''")}')`,
      )
      const result = await connection.runAndReadAll(sql)
      return result.getRowObjectsJson()
    } finally {
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}
