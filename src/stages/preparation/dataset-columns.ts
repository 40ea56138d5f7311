import type { DatasetDefinition, Problem } from '../../core/records/index.ts'
import { quoteIdentifier, type TableColumn } from '../../platform/storage/index.ts'
import { isTimeType, requireColumns, timeSql } from '../collection/index.ts'
import { errors } from './errors.ts'
import { inputKind } from './input-kind.ts'
import { targetSql } from './target.ts'

/** What a dataset's own columns are called and how they are read. */
export interface DatasetColumns {
  readonly all: readonly TableColumn[]
  /** SQL of the frame's columns, by `FRAME_COLUMNS` name, over the columns as written. */
  readonly frame: {
    readonly id: string
    readonly predictionTime: string
    readonly labelTime: string
    readonly group: string
    readonly target: string | null
  }
}

/**
 * Checks the columns that the definition names against those that its SQL gives.
 *
 * @throws COLUMN_NOT_FOUND, DATASET_COLUMN_RESERVED, DATASET_TIME_INVALID, INPUT_TYPE_UNFIT,
 *   TARGET_UNDECLARED, TARGET_TYPE_UNFIT
 */
export function resolveDatasetColumns(
  definition: DatasetDefinition,
  problem: Problem,
  all: readonly TableColumn[],
): DatasetColumns {
  const types = new Map(all.map((column) => [column.name, column.type]))
  const known = [...types.keys()]
  const reserved = known.find((column) => column.startsWith('__'))
  if (reserved !== undefined) throw errors.DATASET_COLUMN_RESERVED({ column: reserved })
  const typeOf = (role: string, column: string): string => {
    requireColumns({ where: `dataset, ${role}`, columns: [column], known })
    return types.get(column) ?? 'VARCHAR'
  }
  for (const column of definition.inputs) inputKind(column, typeOf('inputs', column))
  for (const column of definition.keep) typeOf('keep', column)
  typeOf('id', definition.id)
  const time = (role: string, column: string | undefined): string => {
    if (column === undefined) return 'NULL::TIMESTAMP'
    const type = typeOf(role, column)
    if (!isTimeType(type)) throw errors.DATASET_TIME_INVALID({ column, role, got: type })
    return timeSql(quoteIdentifier(column), type)
  }
  const { split } = definition
  const grouping = 'column' in split ? split.column : undefined
  if (grouping !== undefined) typeOf('split.column', grouping)
  return {
    all,
    frame: {
      id: `CAST(${quoteIdentifier(definition.id)} AS VARCHAR)`,
      // Whole milliseconds, rounded down: requests and logs carry no finer time.
      predictionTime: `date_trunc('milliseconds', ${time('predictionTime', definition.predictionTime)})`,
      labelTime: time('labelTime', definition.labelTime),
      group:
        grouping === undefined ? 'NULL::VARCHAR' : `CAST(${quoteIdentifier(grouping)} AS VARCHAR)`,
      target: targetColumn(problem, typeOf),
    },
  }
}

function targetColumn(
  problem: Problem,
  typeOf: (role: string, column: string) => string,
): string | null {
  if (problem.type === 'clustering') return null
  if (problem.target === undefined) throw errors.TARGET_UNDECLARED({ type: problem.type })
  return targetSql(problem, problem.target, typeOf('problem.target', problem.target))
}
