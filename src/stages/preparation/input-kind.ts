import type { InputColumn } from '../../core/records/index.ts'
import { quoteIdentifier } from '../../platform/storage/index.ts'
import { errors } from './errors.ts'

const NUMBER = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN)$/
const TEXT = /^(VARCHAR|UUID|ENUM.*)$/

/**
 * What a column of a DuckDB type is to a model: booleans are numbers.
 * @throws INPUT_TYPE_UNFIT for times, lists and structs.
 */
export function inputKind(column: string, type: string): InputColumn['kind'] {
  if (NUMBER.test(type)) return 'number'
  if (TEXT.test(type)) return 'text'
  throw errors.INPUT_TYPE_UNFIT({ column, got: type })
}

/** SQL of a column as a model's input: DOUBLE without NaN (NULL is missing), or VARCHAR. */
export function inputSql(column: string, type: string): string {
  const name = quoteIdentifier(column)
  if (TEXT.test(type)) return `CAST(${name} AS VARCHAR)`
  if (type === 'FLOAT' || type === 'DOUBLE') {
    return `CASE WHEN NOT isnan(${name}) THEN CAST(${name} AS DOUBLE) END`
  }
  return `CAST(${name} AS DOUBLE)`
}
