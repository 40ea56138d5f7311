import { checkPrediction, MAX_LINE_CHARACTERS } from './check-entry.ts'
import { predictionLine } from './encode-entry.ts'
import { CELL, DECISIONS, RECORD, type RowShape } from './entry-record.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { InputRow } from './input-row.ts'
import { closeMaskedFrame, MASKED_HEAD_BYTES, type MaskSource } from './masked-frame.ts'
import type { WrittenPrediction } from './prediction-log.ts'

const FIRST_BYTES = 32_768
/** A record's byte becomes so many characters of its JSON line at most: a control character is `\u0000`. */
const MOST_CHARACTERS_OF_BYTE = 6
/** Shapes that are looked at for a row; a row of an older one writes its shape again. */
const REMEMBERED_SHAPES = 16
const NO_NAMES: readonly string[] = []
const NULL_BYTE = DECISIONS.indexOf(null)
const FALSE_BYTE = DECISIONS.indexOf(false)
const TRUE_BYTE = DECISIONS.indexOf(true)

interface WrittenShape extends RowShape {
  /** Bytes of its record. */
  readonly bytes: number
}

/**
 * Writes entries as the records of one frame, straight into its bytes: this stands in the path of
 * every answer, so numbers stay numbers, and whoever reads the journal puts them into words.
 *
 * What was written since the last `commit` can be taken back, so that a call is in the frame whole or
 * not at all.
 */
export class EntryEncoder {
  readonly #bytes = new GrowingBuffer(FIRST_BYTES)
  readonly #shapes: WrittenShape[] = []
  readonly #masks: MaskSource
  #committedBytes = MASKED_HEAD_BYTES
  #committedShapes = 0

  constructor(masks: MaskSource) {
    this.#masks = masks
    this.#bytes.moveTo(MASKED_HEAD_BYTES)
  }

  /** Bytes of the records so far. */
  get size(): number {
    return this.#bytes.length - MASKED_HEAD_BYTES
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    return this.#bytes.capacity
  }

  /** @param written when, in microseconds @throws ENTRY_INVALID */
  addPrediction(entry: WrittenPrediction, written: number): void {
    checkPrediction(entry)
    const { inputs } = entry
    const isByName = inputs instanceof InputRow
    const shape = this.#shapeOf(entry, isByName ? inputs.names : NO_NAMES)
    const bytes = this.#bytes
    const from = bytes.length
    bytes.uint8(isByName ? RECORD.ROW : RECORD.JSON_ROW)
    bytes.uint32(shape)
    bytes.float64(written)
    putFacts(bytes, entry)
    if (isByName) putCells(bytes, inputs)
    else bytes.text(JSON.stringify(inputs))
    const most = bytes.length - from + (this.#shapes[shape]?.bytes ?? 0)
    // Only what may be too long is put into words to be counted.
    if (most * MOST_CHARACTERS_OF_BYTE > MAX_LINE_CHARACTERS) predictionLine(entry, written)
  }

  /** @param line a JSON line with its line break */
  addLine(line: string): void {
    this.#bytes.uint8(RECORD.LINE)
    this.#bytes.text(line)
  }

  /** What was added belongs to the frame now. */
  commit(): void {
    this.#committedBytes = this.#bytes.length
    this.#committedShapes = this.#shapes.length
  }

  /** Takes back what was added since the last commit. */
  rollBack(): void {
    this.#bytes.moveTo(this.#committedBytes)
    this.#shapes.length = this.#committedShapes
  }

  /** The frame of all that was committed; nothing may be added before `clear`. */
  frame(): Buffer {
    return closeMaskedFrame(this.#bytes, this.#masks.draw())
  }

  /** Begins anew; the frame's bytes are written over. */
  clear(): void {
    this.#bytes.moveTo(MASKED_HEAD_BYTES)
    this.#shapes.length = 0
    this.commit()
  }

  #shapeOf(entry: WrittenPrediction, names: readonly string[]): number {
    const { endpoint, version, role } = entry
    const shapes = this.#shapes
    const oldest = Math.max(0, shapes.length - REMEMBERED_SHAPES)
    for (let at = shapes.length - 1; at >= oldest; at--) {
      const shape = shapes[at]
      if (shape?.names !== names || shape.version !== version) continue
      if (shape.endpoint === endpoint && shape.role === role) return at
    }
    const from = this.#bytes.length
    const shape = { endpoint, version, role, names }
    putShape(this.#bytes, shape)
    shapes.push({ ...shape, bytes: this.#bytes.length - from })
    return shapes.length - 1
  }
}

function putShape(bytes: GrowingBuffer, { endpoint, version, role, names }: RowShape): void {
  bytes.uint8(RECORD.SHAPE)
  bytes.text(endpoint)
  bytes.text(role)
  bytes.float64(version)
  bytes.uint32(names.length)
  for (const name of names) bytes.text(name)
}

function putFacts(bytes: GrowingBuffer, entry: WrittenPrediction): void {
  const { decision, output, flags } = entry
  bytes.float64(entry.timeMs)
  bytes.float64(entry.latencyUs)
  bytes.uint8(decision === null ? NULL_BYTE : decision ? TRUE_BYTE : FALSE_BYTE)
  bytes.text(entry.id)
  bytes.uint32(output.length)
  for (const value of output) bytes.float64(value)
  bytes.uint32(flags.length)
  for (const flag of flags) bytes.text(flag)
}

function putCells(bytes: GrowingBuffer, { names, cells }: InputRow): void {
  for (let at = 0; at < names.length; at++) {
    const cell = cells[at]
    if (typeof cell === 'number' && Number.isFinite(cell)) {
      bytes.uint8(CELL.NUMBER)
      bytes.float64(cell)
    } else if (typeof cell === 'string') {
      bytes.uint8(CELL.TEXT)
      bytes.text(cell)
    } else bytes.uint8(CELL.NULL)
  }
}
