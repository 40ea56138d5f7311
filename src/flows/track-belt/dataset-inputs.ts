import type { ColumnProfile, Frame, Snapshot } from '../../core/records/index.ts'
import type { DatasetInput } from '../../platform/tracking/index.ts'

const DIGEST_CHARACTERS = 36

export interface TrainingData {
  readonly snapshots: Readonly<Record<string, Snapshot>>
  readonly frame: Frame
}

/** What a run was trained on: each snapshot, and the frame that was made of them. */
export function datasetInputs({ snapshots, frame }: TrainingData): DatasetInput[] {
  const sources = Object.entries(snapshots).map(([name, snapshot]) =>
    datasetInput({
      name,
      digest: snapshot.table.digest,
      rows: snapshot.rows,
      columns: snapshot.columns,
      context: 'source',
    }),
  )
  const { train } = frame.parts
  const training = datasetInput({
    name: 'training frame',
    digest: train.table.digest,
    rows: train.rows,
    columns: frame.profile,
    context: 'training',
  })
  return [...sources, training]
}

interface TableFacts {
  readonly name: string
  readonly digest: string
  readonly rows: number
  readonly columns: readonly ColumnProfile[]
  readonly context: string
}

function datasetInput({ name, digest, rows, columns, context }: TableFacts): DatasetInput {
  return {
    name,
    digest: digest.slice(0, DIGEST_CHARACTERS),
    sourceType: 'esteira',
    source: JSON.stringify({ uri: `esteira-artifact:/${digest}` }),
    schema: JSON.stringify({
      mlflow_colspec: columns.map((column) => ({
        type: mlflowType(column.type),
        name: column.name,
        required: column.nulls === 0,
      })),
    }),
    profile: JSON.stringify({ num_rows: rows }),
    tags: { 'mlflow.data.context': context },
  }
}

/** DuckDB's type in MLflow's words. */
function mlflowType(type: string): string {
  if (/^(DOUBLE|DECIMAL)/.test(type)) return 'double'
  if (/^(FLOAT|REAL)/.test(type)) return 'float'
  if (/^U?(BIG|HUGE)INT/.test(type) || type === 'UINTEGER') return 'long'
  if (/INT/.test(type)) return 'integer'
  if (type === 'BOOLEAN') return 'boolean'
  return /^(TIMESTAMP|DATE)/.test(type) ? 'datetime' : 'string'
}
