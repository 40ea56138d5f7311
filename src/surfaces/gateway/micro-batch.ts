import type { ModelSignature } from '../../core/records/index.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from '../../platform/inference/index.ts'
import type { ModelInputs } from './assemble-inputs.ts'
import type { Cell } from './decode-column.ts'

interface Waiting {
  readonly inputs: ModelInputs
  readonly resolve: (answer: PredictionBatch) => void
  readonly reject: (error: unknown) => void
}

export type Predict = (inputs: ModelInputs) => Promise<PredictionBatch>

/**
 * Lets all requests of one event-loop turn share one call of the model. Nothing waits for a timer:
 * a lone request runs at the end of its own turn.
 * @param maxRows rows of one call; a single request never has more
 */
export function createMicroBatch(session: ModelSession, maxRows: number): Predict {
  let waiting: Waiting[] = []

  function flush(): void {
    const due = waiting
    waiting = []
    for (const group of groupsOf(due, maxRows)) void answerGroup(session, group)
  }

  return (inputs) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ inputs, resolve, reject })
    })
}

function groupsOf(due: readonly Waiting[], maxRows: number): Waiting[][] {
  const groups: Waiting[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const item of due) {
    if (rows + item.inputs.rows > maxRows) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)?.push(item)
    rows += item.inputs.rows
  }
  return groups
}

async function answerGroup(session: ModelSession, group: readonly Waiting[]): Promise<void> {
  try {
    const answer = await session.predict(joinRows(session.signature, group))
    let from = 0
    for (const { inputs, resolve } of group) {
      const to = from + inputs.rows
      const output = answer.output.subarray(from * answer.width, to * answer.width)
      resolve({ rows: inputs.rows, width: answer.width, output })
      from = to
    }
  } catch (error) {
    // One request's rows must not fail its neighbours: each is asked again alone.
    if (group.length === 1) group[0]?.reject(error)
    else await Promise.all(group.map((item) => answerGroup(session, [item])))
  }
}

function joinRows(
  signature: ModelSignature,
  group: readonly { readonly inputs: ModelInputs }[],
): ColumnBatch {
  const rows = group.reduce((sum, { inputs }) => sum + inputs.rows, 0)
  const columns: Record<string, Float32Array | readonly string[]> = {}
  signature.inputs.forEach(({ name, kind }, index) => {
    const parts = group.map(({ inputs }) => inputs.columns[index] ?? [])
    columns[name] = kind === 'number' ? joinNumbers(parts, rows) : joinTexts(parts)
  })
  return { rows, columns }
}

function joinNumbers(parts: readonly (readonly Cell[])[], rows: number): Float32Array {
  const numbers = new Float32Array(rows)
  let at = 0
  for (const part of parts) {
    for (const cell of part) numbers[at++] = typeof cell === 'number' ? cell : Number.NaN
  }
  return numbers
}

function joinTexts(parts: readonly (readonly Cell[])[]): string[] {
  const texts: string[] = []
  for (const part of parts) {
    for (const cell of part) texts.push(typeof cell === 'string' ? cell : '')
  }
  return texts
}
