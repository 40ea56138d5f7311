import type { InputColumn } from '../../core/records/index.ts'
import { quoteIdentifier, type TableEngine } from '../../platform/storage/index.ts'
import { errors } from './errors.ts'

/**
 * Refuses inputs that no model can use, in one pass over the rows.
 * @throws INPUT_INFINITE, INPUT_ALL_MISSING
 */
export async function checkInputs(options: {
  readonly engine: TableEngine
  readonly from: string
  readonly inputs: readonly Pick<InputColumn, 'name' | 'kind'>[]
  /** What the rows are, for errors: `the dataset`. */
  readonly part: string
}): Promise<void> {
  const { engine, inputs, part } = options
  if (inputs.length === 0) return
  const facts = inputs.flatMap(({ name, kind }, index) => {
    const column = quoteIdentifier(name)
    const infinite = kind === 'number' ? `count(*) FILTER (isinf(CAST(${column} AS DOUBLE)))` : '0'
    const missing = kind === 'number' ? `isnan(CAST(${column} AS DOUBLE))` : 'false'
    return [
      `${infinite} AS i${index}`,
      `count(*) FILTER (${column} IS NOT NULL AND NOT ${missing}) AS v${index}`,
    ]
  })
  const [row] = await engine.query<Record<string, number>>(
    `SELECT count(*) AS rows, ${facts.join(', ')} FROM ${options.from}`,
  )
  for (const [index, { name }] of inputs.entries()) {
    const infinite = row?.[`i${index}`] ?? 0
    if (infinite > 0) throw errors.INPUT_INFINITE({ column: name, rows: infinite })
    if ((row?.[`v${index}`] ?? 0) === 0) {
      throw errors.INPUT_ALL_MISSING({ column: name, rows: row?.rows ?? 0, part })
    }
  }
}
