import { faultText, numberSql, readExpression } from '../../core/expressions/index.ts'
import type { DatasetDefinition, InputColumn } from '../../core/records/index.ts'
import { quoteIdentifier } from '../../platform/storage/index.ts'
import { errors } from './errors.ts'

/**
 * The inputs that are computed from the others, in the order of the project file.
 * @param inputs those of the request and of feature views
 * @throws INPUT_REPEATED, ON_DEMAND_UNFIT
 */
export function onDemandInputs(
  { onDemand, keep }: Pick<DatasetDefinition, 'onDemand' | 'keep'>,
  inputs: readonly InputColumn[],
): InputColumn[] {
  // The engine's names differ by more than their case.
  const taken = new Set([...inputs.map(({ name }) => name), ...keep].map(lower))
  return Object.entries(onDemand).map(([name, text]): InputColumn => {
    if (name.startsWith('__') || taken.has(lower(name))) {
      throw errors.INPUT_REPEATED({ column: name })
    }
    taken.add(lower(name))
    const reading = readExpression(text, inputs)
    if (reading.kind === 'fault') {
      throw errors.ON_DEMAND_UNFIT({ column: name, reason: faultText(reading.fault) })
    }
    return { name, kind: 'number', view: null, onDemand: text }
  })
}

/** Columns to select from joined rows, one for each input that is computed. */
export function onDemandColumns(inputs: readonly InputColumn[]): string[] {
  const given = inputs.filter(({ onDemand }) => onDemand === undefined)
  return inputs.flatMap(({ name, onDemand }) => {
    if (onDemand === undefined) return []
    const reading = readExpression(onDemand, given)
    if (reading.kind === 'fault') {
      throw errors.ON_DEMAND_UNFIT({ column: name, reason: faultText(reading.fault) })
    }
    const sql = numberSql(reading.expression, (column) => columnSql(column, given))
    return `${sql} AS ${quoteIdentifier(name)}`
  })
}

function columnSql(column: string, given: readonly InputColumn[]) {
  const kind = given.find(({ name }) => name === column)?.kind ?? 'text'
  // A feature that is also a key has the key's own type in its table.
  const type = kind === 'number' ? 'DOUBLE' : 'VARCHAR'
  return { kind, sql: `CAST(${quoteIdentifier(column)} AS ${type})` }
}

function lower(name: string): string {
  return name.toLowerCase()
}
