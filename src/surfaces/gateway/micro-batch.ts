import type { ModelSignature } from '../../core/records/index.ts'
import type { ModelSession, PackedRows, PredictionBatch } from '../../platform/inference/index.ts'
import type { Deadline } from './admission/deadline.ts'
import type { ModelInputs } from './assemble-inputs.ts'

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
 * Calls that a thread has at once: while it computes one the next lies ready. What comes meanwhile
 * waits here and shares the one after, so that a busy thread gets fewer and larger calls.
 */
const CALLS_APART = 2

/**
 * Lets requests that come together share calls of the model. Without a delay a call takes what came
 * in one turn of the event loop, and a lone request runs at the end of its own turn.
 * @param limits asked for at each call, so that they may change
 */
export function createMicroBatch(session: ModelSession, limits: () => BatchLimits): Predict {
  const batch = new MicroBatch(session, limits)
  return (inputs, deadline) =>
    new Promise((resolve, reject) => {
      batch.add({ inputs, deadline, resolve, reject })
    })
}

class MicroBatch {
  readonly #session: ModelSession
  readonly #layout: PackedLayout
  readonly #limits: () => BatchLimits
  readonly #flush = () => this.#flushNow()
  readonly #free = () => this.#callEnded()
  #waiting: Waiting[] = []
  #rows = 0
  #underWay = 0
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined

  constructor(session: ModelSession, limits: () => BatchLimits) {
    this.#session = session
    this.#layout = packedLayout(session.signature)
    this.#limits = limits
  }

  add(item: Waiting): void {
    this.#waiting.push(item)
    this.#rows += item.inputs.rows
    const { delayMs, maxRows } = this.#limits()
    if (delayMs === 0) this.#scheduleTurn()
    else if (this.#rows >= Math.min(maxRows, SHARED_ROWS)) this.#flushNow()
    else this.#timer ??= setTimeout(this.#flush, delayMs)
  }

  #scheduleTurn(): void {
    if (this.#isScheduled || this.#isBusy) return
    this.#isScheduled = true
    setImmediate(this.#flush)
  }

  get #isBusy(): boolean {
    return this.#session.isApart && this.#underWay >= CALLS_APART
  }

  #flushNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isScheduled = false
    const most = Math.min(this.#limits().maxRows, SHARED_ROWS)
    while (this.#waiting.length > 0 && !this.#isBusy) {
      const group = this.#takeGroup(most)
      if (group.length === 0) continue
      this.#underWay++
      this.#answerGroup(group).then(this.#free)
    }
  }

  #callEnded(): void {
    this.#underWay--
    if (this.#waiting.length > 0 && this.#timer === undefined) this.#scheduleTurn()
  }

  /** The first that wait and are still wanted, as many as share a call. */
  #takeGroup(most: number): Waiting[] {
    const group: Waiting[] = []
    let rows = 0
    let taken = 0
    for (const item of this.#waiting) {
      if (rows > 0 && rows + item.inputs.rows > most) break
      taken++
      if (!isStillWanted(item)) continue
      group.push(item)
      rows += item.inputs.rows
    }
    for (const { inputs } of this.#waiting.splice(0, taken)) this.#rows -= inputs.rows
    return group
  }

  async #answerGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const answer = await this.#session.predictPacked(packGroup(this.#layout, group))
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
      else await Promise.all(group.map((item) => this.#answerGroup([item])))
    }
  }
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

/** Where the inputs of a signature stand among the numbers or the texts of a row. */
interface PackedLayout {
  readonly numbers: readonly number[]
  readonly texts: readonly number[]
}

function packedLayout({ inputs }: ModelSignature): PackedLayout {
  const placesOf = (kind: 'number' | 'text') =>
    inputs.flatMap((input, place) => (input.kind === kind ? [place] : []))
  return { numbers: placesOf('number'), texts: placesOf('text') }
}

/** The rows of a call, straight from the requests' columns: none is copied twice. */
function packGroup(layout: PackedLayout, group: readonly Waiting[]): PackedRows {
  let rows = 0
  for (const { inputs } of group) rows += inputs.rows
  const width = layout.numbers.length
  const numbers = new Float32Array(rows * width)
  const texts: string[] = new Array(rows * layout.texts.length)
  let from = 0
  for (const { inputs } of group) {
    packNumbers(inputs, layout.numbers, { numbers, from })
    packTexts(inputs, layout.texts, { texts, from })
    from += inputs.rows
  }
  return { rows, numbers, texts }
}

function packNumbers(
  { rows, columns }: ModelInputs,
  places: readonly number[],
  to: { readonly numbers: Float32Array; readonly from: number },
): void {
  const { numbers, from } = to
  const width = places.length
  for (let j = 0; j < width; j++) {
    const cells = columns[places[j] ?? -1]
    for (let row = 0, at = from * width + j; row < rows; row++, at += width) {
      const cell = cells?.[row]
      numbers[at] = typeof cell === 'number' ? cell : Number.NaN
    }
  }
}

function packTexts(
  { rows, columns }: ModelInputs,
  places: readonly number[],
  to: { readonly texts: string[]; readonly from: number },
): void {
  const { texts, from } = to
  const width = places.length
  for (let j = 0; j < width; j++) {
    const cells = columns[places[j] ?? -1]
    for (let row = 0, at = from * width + j; row < rows; row++, at += width) {
      const cell = cells?.[row]
      texts[at] = typeof cell === 'string' ? cell : ''
    }
  }
}
