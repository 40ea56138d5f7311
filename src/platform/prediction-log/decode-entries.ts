import { ByteReader } from './byte-reader.ts'
import { checkedPredictionLine } from './encode-entry.ts'
import { CELL, DECISIONS, RECORD, type RowShape } from './entry-record.ts'
import { InputRow } from './input-row.ts'

type Cell = InputRow['cells'][number]

/**
 * The JSON lines of a frame's records (`entry-record.ts`), which are those that `predictionLine` gives.
 * @param payload unmasked
 * @throws RangeError when it holds something else
 */
export function linesOfRecords(payload: Buffer): string[] {
  const reader = new ByteReader(payload)
  const shapes: RowShape[] = []
  const lines: string[] = []
  while (!reader.isAtEnd) {
    const kind = reader.uint8()
    if (kind === RECORD.SHAPE) shapes.push(readShape(reader))
    else if (kind === RECORD.LINE) lines.push(reader.text())
    else if (kind === RECORD.ROW || kind === RECORD.JSON_ROW)
      lines.push(readRow(reader, kind, shapes))
    else throw new RangeError(`A record is of no known kind: ${kind}`)
  }
  return lines
}

function readShape(reader: ByteReader): RowShape {
  const endpoint = reader.text()
  const role = reader.text() as RowShape['role']
  const version = reader.float64()
  return { endpoint, role, version, names: readMany(reader, () => reader.text()) }
}

function readRow(reader: ByteReader, kind: number, shapes: readonly RowShape[]): string {
  const shape = shapes[reader.uint32()]
  if (shape === undefined) throw new RangeError('A row is of a shape that was not told')
  const facts = {
    endpoint: shape.endpoint,
    role: shape.role,
    version: shape.version,
    written: reader.float64(),
    timeMs: reader.float64(),
    latencyUs: reader.float64(),
    decision: DECISIONS[reader.uint8()] ?? null,
    id: reader.text(),
    output: readMany(reader, () => reader.float64()),
    flags: readMany(reader, () => reader.text()),
  }
  return checkedPredictionLine(
    facts,
    kind === RECORD.ROW ? readInputs(reader, shape.names) : reader.text(),
  )
}

function readMany<T>(reader: ByteReader, read: () => T): T[] {
  const values: T[] = []
  for (let left = reader.uint32(); left > 0; left--) values.push(read())
  return values
}

function readInputs(reader: ByteReader, names: readonly string[]): string {
  const cells: Cell[] = []
  for (let at = 0; at < names.length; at++) cells.push(readCell(reader))
  return new InputRow(names, cells).toText()
}

function readCell(reader: ByteReader): Cell {
  const type = reader.uint8()
  if (type === CELL.NUMBER) return reader.float64()
  if (type === CELL.TEXT) return reader.text()
  if (type === CELL.NULL) return null
  throw new RangeError(`A cell is of no known type: ${type}`)
}
