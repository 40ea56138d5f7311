import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactRef, ModelSignature } from '../../core/records/index.ts'
import type { FramePartRows, PredictionBatch } from '../../platform/inference/index.ts'
import { type ArtifactStore, quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'

const LINES_A_WRITE = 10_000

export interface WritePredictionsOptions {
  readonly part: FramePartRows
  readonly predictions: PredictionBatch
  readonly signature: ModelSignature
  readonly name: string
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}

/** Columns of the answers: `p0 … pk-1` by class, `value`, or `cluster`. */
function outputNames(signature: ModelSignature): readonly string[] {
  if (signature.problemType === 'regression') return ['value']
  if (signature.problemType === 'clustering') return ['cluster']
  return signature.classes.map((_, place) => `p${place}`)
}

/** Keeps id, target and answers of every row as Parquet, in the order of the rows. */
export async function writePredictions(options: WritePredictionsOptions): Promise<ArtifactRef> {
  const { part, signature, name, engine, artifacts } = options
  const names = outputNames(signature)
  const folder = artifacts.temporaryFolder()
  try {
    const lines = join(folder.path, 'predictions.jsonl')
    await writeLines(lines, names, options)
    const target = part.target instanceof Float64Array ? 'DOUBLE' : 'VARCHAR'
    const types = [
      `id: 'VARCHAR'`,
      ...(part.target === null ? [] : [`target: '${target}'`]),
      ...names.map((column) => `${column}: 'DOUBLE'`),
    ]
    const table = join(folder.path, 'predictions.parquet')
    await engine.writeParquet(
      `SELECT * FROM read_json(${quoteLiteral(lines)}, format = 'newline_delimited', columns = {${types.join(', ')}})`,
      table,
    )
    return await artifacts.putFile(table, { name, move: true })
  } finally {
    folder.dispose()
  }
}

async function writeLines(
  path: string,
  names: readonly string[],
  { part, predictions }: WritePredictionsOptions,
): Promise<void> {
  const { output, width } = predictions
  const file = await open(path, 'w')
  try {
    for (let from = 0; from < part.rows; from += LINES_A_WRITE) {
      const lines: string[] = []
      for (let row = from; row < Math.min(part.rows, from + LINES_A_WRITE); row++) {
        const line: Record<string, unknown> = { id: part.ids[row] }
        if (part.target !== null) line.target = part.target[row]
        names.forEach((name, k) => {
          line[name] = output[row * width + k]
        })
        lines.push(JSON.stringify(line))
      }
      await file.write(`${lines.join('\n')}\n`)
    }
  } finally {
    await file.close()
  }
}
