import {
  type DatasetDefinition,
  type DatasetRecord,
  FRAME_COLUMNS,
  type FramePart,
  type InputColumn,
  SPLIT_PARTS,
  type SplitPart,
} from '../../core/records/index.ts'
import {
  type ArtifactStore,
  quoteIdentifier,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { inputSql } from '../preparation/index.ts'
import { joinKey } from './feature-names.ts'

/** Columns kept for slices that are no inputs. */
export function keptColumns(
  definition: DatasetDefinition,
  inputs: readonly InputColumn[],
): string[] {
  return definition.keep.filter((column) => !inputs.some(({ name }) => name === column))
}

/** `FRAME_COLUMNS` as far as the dataset has them: clustering has no target. */
function commonColumns(dataset: DatasetRecord): string[] {
  const known = new Set(dataset.columns.map((column) => column.name))
  return Object.values(FRAME_COLUMNS).filter((column) => known.has(column))
}

/** All columns of a part's file, in order. */
export function frameColumns(
  { definition, dataset }: { definition: DatasetDefinition; dataset: DatasetRecord },
  inputs: readonly InputColumn[],
): string[] {
  const names = inputs.map(({ name }) => name)
  return [...commonColumns(dataset), ...names, ...keptColumns(definition, inputs)]
}

/** The dataset's rows, ready to be joined: inputs as a model sees them, keys as they are. */
export function baseSelect(options: {
  readonly definition: DatasetDefinition
  readonly dataset: DatasetRecord
  readonly inputs: readonly InputColumn[]
  readonly keys: readonly string[]
  readonly from: string
}): string {
  const { dataset, inputs, definition } = options
  const typeOf = (column: string) =>
    dataset.columns.find(({ name }) => name === column)?.type ?? 'VARCHAR'
  const requested = inputs
    .filter(({ view, onDemand }) => view === null && onDemand === undefined)
    .map(({ name }) => name)
  const columns = [
    ...commonColumns(dataset).map(quoteIdentifier),
    '__part',
    ...requested.map((name) => `${inputSql(name, typeOf(name))} AS ${quoteIdentifier(name)}`),
    ...keptColumns(definition, inputs).map(quoteIdentifier),
    ...options.keys.map((key) => `${quoteIdentifier(key)} AS ${quoteIdentifier(joinKey(key))}`),
  ]
  return `SELECT ${columns.join(', ')} FROM ${options.from}`
}

/** Writes each part's file and counts what is in it. */
export async function writeParts(options: {
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  readonly dataset: DatasetRecord
  readonly columns: readonly string[]
  /** Query of each part's joined rows, in order. */
  readonly views: Readonly<Record<SplitPart, string>>
  readonly folder: string
}): Promise<Record<SplitPart, FramePart>> {
  const { engine, artifacts, views } = options
  const select = options.columns.map(quoteIdentifier).join(', ')
  const parts: Partial<Record<SplitPart, FramePart>> = {}
  for (const part of SPLIT_PARTS) {
    const path = `${options.folder}/${part}.parquet`
    const rows = await engine.writeParquet(`SELECT ${select} FROM ${views[part]}`, path)
    const [range] = await engine.query<{ from: string | null; to: string | null }>(
      `SELECT min(__prediction_time) AS "from", max(__prediction_time) AS "to" FROM ${views[part]}`,
    )
    const classes = await classCounts(options, views[part])
    const table = await artifacts.putFile(path, { name: `${part}.parquet`, move: true })
    parts[part] = { table, rows, from: range?.from ?? null, to: range?.to ?? null, classes }
  }
  return parts as Record<SplitPart, FramePart>
}

async function classCounts(
  { engine, dataset }: { readonly engine: TableEngine; readonly dataset: DatasetRecord },
  from: string,
): Promise<Record<string, number>> {
  if (dataset.classes.length === 0) return {}
  const counts = await engine.query<{ label: string; rows: number }>(
    `SELECT __target AS label, count(*) AS rows FROM ${from} GROUP BY 1 ORDER BY 1`,
  )
  return Object.fromEntries(counts.map(({ label, rows }) => [label, rows]))
}
