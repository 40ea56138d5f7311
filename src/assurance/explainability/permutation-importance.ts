import { type Random, seededRandom } from '../../core/randomness/index.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from '../../platform/inference/index.ts'

/**
 * Notation
 *   L(f, X)     loss of the model's answers for the rows X, lower is better
 *   X^(j)       X with the values of input j shuffled among the rows
 *   importance_j = mean over repeats of L(f, X^(j)) − L(f, X)
 * Source: Breiman (2001), "Random forests"; Fisher, Rudin & Dominici (2019) for any model. Inputs that
 * carry the same information share their importance: each alone can be shuffled without much loss.
 */

export interface ImportanceOptions {
  readonly session: ModelSession
  readonly batch: ColumnBatch
  /** Loss of answers for the rows of `batch`, lower is better; undefined when not defined. */
  readonly loss: (predictions: PredictionBatch) => number | undefined
  readonly seed: number
  /** Shuffles an input; more give a steadier figure. Default 3. */
  readonly repeats?: number
}

export interface InputImportance {
  readonly input: string
  /** Rise of the loss, in its unit; around 0 for an input that does not matter. */
  readonly loss: number
}

/**
 * How much worse a model gets when one input no longer belongs to its row; the most important input
 * first. Empty when the loss is not defined on the rows.
 */
export async function permutationImportance(
  options: ImportanceOptions,
): Promise<InputImportance[]> {
  const { session, batch, loss, seed, repeats = 3 } = options
  const clean = loss(await session.predict(batch))
  if (clean === undefined) return []
  const importances: InputImportance[] = []
  for (const [place, { name }] of session.signature.inputs.entries()) {
    const column = batch.columns[name]
    if (column === undefined) continue
    const random = seededRandom(seed + place)
    let rise = 0
    for (let repeat = 0; repeat < repeats; repeat++) {
      const columns = { ...batch.columns, [name]: shuffled(column, random) }
      const shuffledLoss = loss(await session.predict({ rows: batch.rows, columns }))
      rise += (shuffledLoss ?? clean) - clean
    }
    importances.push({ input: name, loss: rise / repeats })
  }
  return importances.sort((a, b) => b.loss - a.loss || (a.input < b.input ? -1 : 1))
}

/** A shuffled copy (Fisher & Yates). */
function shuffled(
  column: Float32Array | readonly string[],
  random: Random,
): Float32Array | readonly string[] {
  if (column instanceof Float32Array) return shuffle(Float32Array.from(column), random)
  return shuffle([...column], random)
}

function shuffle<T extends { length: number; [index: number]: number | string }>(
  values: T,
  random: Random,
): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = values[i]
    const other = values[j]
    if (kept === undefined || other === undefined) continue
    values[i] = other
    values[j] = kept
  }
  return values
}
