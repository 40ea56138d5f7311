import type { ModelSignature } from '../../core/records/index.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from '../../platform/inference/index.ts'
import type { Deadline } from './admission/deadline.ts'
import type { ModelInputs } from './assemble-inputs.ts'
import type { Cell } from './decode-column.ts'

interface Waiting {
  readonly inputs: ModelInputs
  readonly deadline: Deadline | undefined
  readonly resolve: (answer: PredictionBatch) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param deadline of the request: while it waits for others it may pass, and then no model is asked
 * @throws DEADLINE_PASSED, CALLER_GONE
 */
export type Predict = (inputs: ModelInputs, deadline?: Deadline) => Promise<PredictionBatch>

export interface BatchLimits {
  /** Rows of one call; a single request never has more. */
  readonly maxRows: number
  /** How long the first of a call's requests may wait for others, in milliseconds; 0 is none. */
  readonly delayMs: number
}

/**
 * Rows of a call that several requests share. More would save little: a call costs about what three
 * rows of a tree ensemble do. The first answers leave while the next call is computed.
 */
const SHARED_ROWS = 16

/**
 * Lets requests that come together share calls of the model. Without a delay a call takes what came
 * in one turn of the event loop, and a lone request runs at the end of its own turn.
 * @param limits asked for at each call, so that they may change
 */
export function createMicroBatch(session: ModelSession, limits: () => BatchLimits): Predict {
  let waiting: Waiting[] = []
  let rows = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const due = waiting.filter(isStillWanted)
    waiting = []
    rows = 0
    for (const group of groupsOf(due, limits().maxRows)) void answerGroup(session, group)
  }

  function schedule(): void {
    const { delayMs, maxRows } = limits()
    if (delayMs === 0) {
      if (waiting.length === 1) setImmediate(flush)
    } else if (rows >= Math.min(maxRows, SHARED_ROWS)) {
      flush()
    } else {
      timer ??= setTimeout(flush, delayMs)
    }
  }

  return (inputs, deadline) =>
    new Promise((resolve, reject) => {
      waiting.push({ inputs, deadline, resolve, reject })
      rows += inputs.rows
      schedule()
    })
}

function isStillWanted({ deadline, reject }: Waiting): boolean {
  try {
    deadline?.check()
    return true
  } catch (error) {
    reject(error)
    return false
  }
}

function groupsOf(due: readonly Waiting[], maxRows: number): Waiting[][] {
  const most = Math.min(maxRows, SHARED_ROWS)
  const groups: Waiting[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const item of due) {
    if (rows + item.inputs.rows > most) {
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
    const { width } = answer
    let from = 0
    for (const { inputs, resolve } of group) {
      const to = from + inputs.rows
      const output = answer.output.subarray(from * width, to * width)
      resolve({ rows: inputs.rows, width, output })
      from = to
    }
  } catch (error) {
    // One request's rows must not fail its neighbours: each is asked again alone.
    if (group.length === 1) group[0]?.reject(error)
    else await Promise.all(group.map((item) => answerGroup(session, [item])))
  }
}

type Group = readonly { readonly inputs: ModelInputs }[]

function joinRows(signature: ModelSignature, group: Group): ColumnBatch {
  let rows = 0
  for (const { inputs } of group) rows += inputs.rows
  const columns: Record<string, Float32Array | readonly string[]> = {}
  for (const [index, { name, kind }] of signature.inputs.entries()) {
    columns[name] = kind === 'number' ? joinNumbers(group, index, rows) : joinTexts(group, index)
  }
  return { rows, columns }
}

function joinNumbers(group: Group, index: number, rows: number): Float32Array {
  const numbers = new Float32Array(rows)
  let at = 0
  for (const { inputs } of group) {
    for (const cell of inputs.columns[index] ?? NONE) {
      numbers[at++] = typeof cell === 'number' ? cell : Number.NaN
    }
  }
  return numbers
}

const NONE: readonly Cell[] = []

function joinTexts(group: Group, index: number): string[] {
  const texts: string[] = []
  for (const { inputs } of group) {
    for (const cell of inputs.columns[index] ?? NONE)
      texts.push(typeof cell === 'string' ? cell : '')
  }
  return texts
}
