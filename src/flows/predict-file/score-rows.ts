import { quoteLiteral } from '../../platform/storage/index.ts'
import type { InputPlan } from '../../stages/serving/index.ts'
import type { AnswerColumn } from './answer-columns.ts'
import type {
  FilePrediction,
  PredictFileOptions,
  PredictFileParts,
  RefusedRow,
} from './file-prediction.ts'
import type { Misfit } from './read-cell.ts'
import { readStretch } from './read-stretch.ts'
import { partsFolder, type RowsTable } from './rows-table.ts'
import { gatherStretch, type ScoringParts } from './score-stretch.ts'
import { writeStretch } from './write-stretch.ts'

const STRETCH_ROWS = 50_000
const MOST_SHOWN = 20

export interface ScoringTask extends PredictFileOptions {
  readonly parts: PredictFileParts
  readonly scoring: ScoringParts
  readonly plan: InputPlan
  readonly rows: RowsTable
  readonly answers: readonly AnswerColumn[]
  readonly folder: string
}

export type Tally = Pick<
  FilePrediction,
  'rows' | 'predicted' | 'flagged' | 'refused' | 'firstRefused'
> & {
  /** Query of the answers, in the order of the rows. */
  readonly sql: string
}

/** Scores all rows in stretches; the answers are in files until they are written out. */
export async function scoreRows(task: ScoringTask): Promise<Tally> {
  const { rows, parts, stretchRows = STRETCH_ROWS, onInvalid = 'fail' } = task
  const folder = partsFolder(task.folder)
  const { session } = task.scoring
  const writing = { ...task, session, engine: parts.engine, isKept: onInvalid === 'keep' }
  const files: string[] = []
  const first: RefusedRow[] = []
  let flagged = 0
  let refused = 0
  const step = { stage: 'deployment', name: 'predict' } as const
  const timeMs = parts.clock.now()
  parts.onProgress({ kind: 'step-started', ...step, atMs: timeMs })
  // An empty file too has one stretch, so that its output has columns.
  for (let from = 0; from === 0 || from < rows.rows; from += stretchRows) {
    parts.signal.throwIfAborted()
    const to = Math.min(from + stretchRows, rows.rows)
    const stretch = readStretch({
      rows: to - from,
      read: await rows.read(from, to),
      columns: task.plan.columns,
      format: rows.format,
      time: task.at ?? timeMs,
    })
    const gathered = await gatherStretch(stretch, task.scoring)
    flagged += gathered.flagged.size
    refused += stretch.misfits.size
    first.push(...refusedRows(stretch.misfits, from).slice(0, MOST_SHOWN - first.length))
    // Once the whole is lost, the rest is only judged, so that the list of faults is complete.
    if (refused === 0 || onInvalid !== 'fail') {
      const path = `${folder}/${files.length}.parquet`
      await writeStretch(writing, { from, to, path, stretch, gathered })
      files.push(path)
    }
    const share = rows.rows === 0 ? 1 : to / rows.rows
    const message = `${to} of ${rows.rows} rows`
    parts.onProgress({ kind: 'step-progress', ...step, share, message, atMs: parts.clock.now() })
  }
  const atMs = parts.clock.now()
  const durationMs = atMs - timeMs
  parts.onProgress({ kind: 'step-finished', ...step, cached: false, durationMs, atMs })
  const list = files.map(quoteLiteral).join(', ')
  return {
    rows: rows.rows,
    predicted: rows.rows - refused,
    flagged,
    refused,
    firstRefused: first,
    sql: `SELECT * FROM read_parquet([${list}])`,
  }
}

function refusedRows(misfits: ReadonlyMap<number, Misfit>, from: number): RefusedRow[] {
  const inOrder = [...misfits].sort(([a], [b]) => a - b)
  return inOrder.map(([row, misfit]) => ({ row: from + row + 1, ...misfit }))
}
