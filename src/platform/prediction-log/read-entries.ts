import type { ExposureEntry, MirrorEntry, PredictionEntry } from '../../core/records/index.ts'
import type { ColumnValues } from '../storage/index.ts'
import type {
  ExposedPrediction,
  ExposureQuery,
  LabelledPrediction,
  MirrorQuery,
} from './prediction-log.ts'

type Columns = Readonly<Record<string, ColumnValues>>

/** Rows of `windowSql`. */
export function readPredictions(columns: Columns): LabelledPrediction[] {
  const text = textsOf(columns)
  const number = numbersOf(columns)
  return Array.from({ length: rowsOf(columns) }, (_, row) => ({
    id: text('id', row) ?? '',
    endpoint: text('endpoint', row) ?? '',
    version: number('version', row) ?? 0,
    role: text('role', row) as PredictionEntry['role'],
    timeMs: (number('time_us', row) ?? 0) / 1_000,
    inputs: JSON.parse(text('inputs', row) ?? '{}') as PredictionEntry['inputs'],
    output: JSON.parse(text('output', row) ?? '[]') as number[],
    decision: flagOf(number('decision', row)),
    latencyUs: number('latency_us', row) ?? 0,
    flags: JSON.parse(text('flags', row) ?? '[]') as string[],
    label: text('label', row),
  }))
}

/** Rows of `exposedSql`. */
export function readExposed(columns: Columns, { test }: ExposureQuery): ExposedPrediction[] {
  const text = textsOf(columns)
  const number = numbersOf(columns)
  return readPredictions(columns).map((prediction, row) => {
    const { version, id } = prediction
    const endpoint = text('exposed_endpoint', row) ?? ''
    const key = text('key', row) ?? ''
    const arm = text('arm', row) as ExposureEntry['arm']
    const timeMs = (number('exposed_us', row) ?? 0) / 1_000
    return { exposure: { endpoint, test, key, arm, version, prediction: id, timeMs }, prediction }
  })
}

/** Rows of `mirroredSql`. */
export function readMirrored(columns: Columns, { endpoint, version }: MirrorQuery): MirrorEntry[] {
  const text = textsOf(columns)
  const number = numbersOf(columns)
  return Array.from({ length: rowsOf(columns) }, (_, row) => ({
    endpoint,
    version,
    id: text('id', row) ?? '',
    timeMs: (number('time_us', row) ?? 0) / 1_000,
    outcome: text('outcome', row) as MirrorEntry['outcome'],
    count: number('count', row) ?? 0,
    difference: number('difference', row),
    changed: flagOf(number('changed', row)),
    stableLatencyUs: number('stable_latency_us', row),
    latencyUs: number('latency_us', row),
    error: text('error', row),
  }))
}

export function readCount(columns: Columns): number {
  return numbersOf(columns)('rows', 0) ?? 0
}

function rowsOf(columns: Columns): number {
  return columns.id?.values.length ?? 0
}

function textsOf(columns: Columns) {
  return (name: string, row: number): string | null => {
    const column = columns[name]
    return column?.kind === 'text' ? (column.values[row] ?? null) : null
  }
}

function numbersOf(columns: Columns) {
  return (name: string, row: number): number | null => {
    const column = columns[name]
    const value = column === undefined || column.kind === 'text' ? undefined : column.values[row]
    return value === undefined || Number.isNaN(value) ? null : value
  }
}

function flagOf(value: number | null): boolean | null {
  return value === null ? null : value === 1
}
