import type { Frame } from '../../core/records/index.ts'
import { type ModelSession, readFramePart } from '../../platform/inference/index.ts'
import { type ArtifactStore, quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'
import { trainingErrors } from './errors.ts'

/**
 * Notation
 *   o_ij   answer j of the fitted original to validation row i;  s_ij the same of the ONNX file,
 *          through the serving engine
 *   scale  1 for probabilities and clusters; for values max(1, max |o_ij|), since float32 keeps about
 *          seven digits whatever the size of a number
 *   difference = max |s_ij − o_ij| / scale
 */

/** What serving may differ from training by; float32 rounding stays three digits below it. */
export const ALLOWED_DIFFERENCE = 1e-3

export interface ParityOptions {
  readonly candidate: string
  readonly session: ModelSession
  readonly frame: Frame
  /** Parquet of the worker: `row`, and `p0 … pk-1` or `value`. */
  readonly parity: string
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}

/**
 * Proves that the file answers like the model it was made from, on validation rows.
 * @throws MODEL_PARITY_BROKEN, MODEL_PARITY_UNPROVEN
 */
export async function proveParity(
  options: ParityOptions,
): Promise<{ readonly rows: number; readonly maxAbsoluteDifference: number }> {
  const { candidate, session, frame, parity, engine, artifacts } = options
  const { signature } = session
  const names =
    signature.classes.length === 0 ? ['value'] : signature.classes.map((_, place) => `p${place}`)
  const original = await engine.columns(`SELECT * FROM read_parquet(${quoteLiteral(parity)})`)
  const numbersOf = (name: string): Float64Array => {
    const values = original[name]?.values
    if (values instanceof Float64Array) return values
    const reason = `the worker's answers lack the column "${name}"`
    throw trainingErrors.MODEL_PARITY_UNPROVEN({ candidate, reason })
  }
  const rows = numbersOf('row')
  if (rows.length === 0) {
    const reason = 'the worker answered no validation row'
    throw trainingErrors.MODEL_PARITY_UNPROVEN({ candidate, reason })
  }
  const limit = rows.reduce((last, row) => Math.max(last, row), 0) + 1
  const path = artifacts.pathOf(frame.parts.validation.table.digest)
  const part = await readFramePart({ engine, path, inputs: signature.inputs, limit })
  const { output, width } = await session.predict(part.batch)
  const worst = largestDifference(rows, names.map(numbersOf), (row, k) => output[row * width + k])
  if (!(worst.difference <= ALLOWED_DIFFERENCE)) {
    throw trainingErrors.MODEL_PARITY_BROKEN({
      candidate,
      allowed: ALLOWED_DIFFERENCE,
      ...worst,
    })
  }
  return { rows: rows.length, maxAbsoluteDifference: worst.difference }
}

function largestDifference(
  rows: Float64Array,
  answers: readonly Float64Array[],
  served: (row: number, k: number) => number | undefined,
): { readonly difference: number; readonly row: number } {
  const largest = answers.reduce(
    (most, column) => column.reduce((m, value) => Math.max(m, Math.abs(value)), most),
    1,
  )
  let worst = { difference: 0, row: 0 }
  for (const [i, row] of rows.entries()) {
    for (const [k, column] of answers.entries()) {
      const expected = column[i] ?? Number.NaN
      const difference = Math.abs((served(row, k) ?? Number.NaN) - expected) / largest
      // An answer that is no number differs by more than any bound.
      if (Number.isNaN(difference)) return { difference: Number.POSITIVE_INFINITY, row }
      if (difference > worst.difference) worst = { difference, row }
    }
  }
  return worst
}
