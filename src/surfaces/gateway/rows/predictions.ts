import { encodeOutputs, outputNames } from '../encode-response.ts'
import type { Inference } from '../infer.ts'
import type { OutputTensor } from '../open-inference.ts'

/** What protocols without named outputs answer unless asked otherwise. */
const PRIMARY = ['label', 'value', 'cluster']

/** One element a row: the label, value or cluster, or the one output that the caller named. */
export function predictionsOf({ answers, version, outputs }: Inference): readonly unknown[] {
  const sole = outputs.length === 1 ? outputs[0] : undefined
  const name = sole ?? PRIMARY.find((candidate) => outputNames(version).includes(candidate)) ?? ''
  return encodeOutputs(answers, version, [name]).flatMap(rowsOf)
}

function rowsOf({ shape, data }: OutputTensor): readonly unknown[] {
  const [rows = 0, width] = shape
  if (width === undefined) return data
  return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width))
}
