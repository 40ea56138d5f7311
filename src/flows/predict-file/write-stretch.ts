import type { ModelSession } from '../../platform/inference/index.ts'
import { quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'
import { type AnswerColumn, answersSelect } from './answer-columns.ts'
import type { Misfit } from './read-cell.ts'
import type { Stretch } from './read-stretch.ts'
import type { RowsTable } from './rows-table.ts'
import { type GatheredStretch, predictRows } from './score-stretch.ts'
import { writeLines } from './write-lines.ts'

interface StretchTask {
  readonly engine: TableEngine
  readonly session: ModelSession
  readonly rows: RowsTable
  readonly answers: readonly AnswerColumn[]
  readonly folder: string
  /** Rows that do not fit are written too, without an answer. */
  readonly isKept: boolean
}

interface StretchToWrite {
  readonly from: number
  readonly to: number
  readonly path: string
  readonly stretch: Stretch
  readonly gathered: GatheredStretch
}

/** Predicts the rows that fit, and writes them beside what is kept of them. */
export async function writeStretch(task: StretchTask, due: StretchToWrite): Promise<void> {
  const { answers, rows, session, engine, folder, isKept } = task
  const { from, to, path, stretch, gathered } = due
  const all = Array.from({ length: stretch.rows }, (_, row) => row)
  const fitting = all.filter((row) => !stretch.misfits.has(row))
  const { output, width } = await predictRows(session, gathered, fitting)
  const places = new Map(fitting.map((row, place) => [row, place]))
  const written = isKept ? all : fitting
  const lines = `${folder}/answers.jsonl`
  await writeLines(lines, written.length, (index) => {
    const row = written[index] ?? 0
    const place = places.get(row)
    const line: Record<string, unknown> = { __row: from + row }
    if (place === undefined) line.problem = problemText(stretch.misfits.get(row))
    else {
      const numbers = output.subarray(place * width, (place + 1) * width)
      for (const [i, { value }] of answers.entries()) line[`a${i}`] = value(numbers)
    }
    return line
  })
  const types = answers.map(({ type }, i) => `a${i}: '${type}'`)
  const read = `read_json(${quoteLiteral(lines)}, format = 'newline_delimited',
    columns = {__row: 'BIGINT', ${types.join(', ')}, problem: 'VARCHAR'})`
  const select = `SELECT k.* EXCLUDE (__row), ${answersSelect(answers)}${isKept ? ', problem' : ''}
    FROM (${rows.keptSql(from, to)}) AS k JOIN ${read} AS a ON k.__row = a.__row ORDER BY k.__row`
  await engine.writeParquet(select, path)
}

function problemText(misfit: Misfit | undefined): string | null {
  return misfit === undefined ? null : `${misfit.column}: ${misfit.reason}`
}
