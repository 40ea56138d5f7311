import { type Cell, cellOfValue, isFloat32, numberOfText } from '../../stages/serving/index.ts'
import { gatewayErrors } from './errors.ts'
import { DATATYPES, INTEGER_BOUNDS, UNTYPED, type WireTensor } from './open-inference.ts'
import { shown } from './parse-request.ts'
import type { RequestColumn } from './request-columns.ts'

export type { Cell } from '../../stages/serving/index.ts'

/**
 * Reads one column of a request.
 * @throws INPUT_DATATYPE_WRONG, INPUT_SHAPE_WRONG, INPUT_VALUE_WRONG
 */
export function decodeColumn(tensor: WireTensor, column: RequestColumn): readonly Cell[] {
  checkDatatype(tensor, column)
  const data = flatData(tensor)
  const reader = readerOf(tensor.datatype, column.kind)
  const cells = new Array<Cell>(data.length)
  for (let row = 0; row < data.length; row++) {
    const value = data[row]
    const cell = value === null ? null : reader.accept(value)
    if (cell === undefined) throw valueError(reader, value, { input: tensor.name, row })
    cells[row] = cell
  }
  return cells
}

/** INPUT_VALUE_WRONG */
export function valueError(
  reader: CellReader,
  value: unknown,
  place: { readonly input: string; readonly row: number },
) {
  return gatewayErrors.INPUT_VALUE_WRONG({
    ...place,
    expected: `${reader.expected} or null`,
    got: shown(value),
  })
}

/** @throws INPUT_DATATYPE_WRONG */
export function checkDatatype({ name, datatype }: WireTensor, { kind }: RequestColumn): void {
  if (UNTYPED.includes(datatype)) return
  const isText = datatype === 'BYTES'
  const fits = DATATYPES.includes(datatype) && (kind === 'any' || (kind === 'text') === isText)
  if (fits) return
  const numeric = DATATYPES.filter((candidate) => candidate !== 'BYTES')
  const expected = kind === 'text' ? 'BYTES' : (kind === 'number' ? numeric : DATATYPES).join(', ')
  throw gatewayErrors.INPUT_DATATYPE_WRONG({ input: name, expected, got: shown(datatype) })
}

/** The data of shape [n] or [n, 1] as a flat array; the latter may come nested. */
function flatData({ name, shape, data }: WireTensor): readonly unknown[] {
  const [rows, width = 1] = shape
  if (rows === undefined || rows === 0 || shape.length > 2 || width !== 1) {
    throw gatewayErrors.INPUT_SHAPE_WRONG({
      input: name,
      expected: '[rows] or [rows, 1] with at least one row',
      got: `[${shape.slice(0, 8).join(', ')}]`,
    })
  }
  const nested = shape.length === 2 && Array.isArray(data[0])
  const flat = nested ? data.map((item) => soleElement(name, item)) : data
  if (flat.length !== rows) {
    throw gatewayErrors.INPUT_SHAPE_WRONG({
      input: name,
      expected: `${rows} values`,
      got: String(flat.length),
    })
  }
  return flat
}

function soleElement(input: string, item: unknown): unknown {
  if (Array.isArray(item) && item.length === 1) return item[0]
  throw gatewayErrors.INPUT_SHAPE_WRONG({
    input,
    expected: 'rows of one value each',
    got: Array.isArray(item) ? `a row of ${item.length}` : shown(item),
  })
}

/** How the values of a datatype become cells of a column. */
export interface CellReader {
  readonly expected: string
  /** The cell, or undefined when the value does not fit. */
  readonly accept: (value: unknown) => Cell | undefined
}

const TEXT: CellReader = {
  expected: 'a text',
  accept: (value) => (typeof value === 'string' ? value : undefined),
}
const TRUTH: CellReader = {
  expected: 'true or false',
  accept: (value) => (typeof value === 'boolean' ? Number(value) : undefined),
}
const REAL: CellReader = {
  expected: 'a finite number within float32',
  accept: (value) => (isFloat32(value) ? value : undefined),
}
const INTEGERS: ReadonlyMap<string, CellReader> = new Map(
  Object.entries(INTEGER_BOUNDS).map(([datatype, [low, high]]) => [
    datatype,
    {
      expected: `a whole number from ${low} to ${high}`,
      accept: (value: unknown) =>
        typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
          ? value
          : undefined,
    },
  ]),
)

/** A value of JSON without a datatype: it must be of the column's kind. */
const JSON_VALUES: Readonly<Record<RequestColumn['kind'], CellReader>> = {
  text: TEXT,
  number: {
    expected: 'a finite number within float32, true or false',
    accept: (value) => TRUTH.accept(value) ?? REAL.accept(value),
  },
  any: {
    expected: 'a text, a finite number, true or false',
    accept: cellOfValue,
  },
}

/** A cell of a CSV file, for columns of numbers. */
const NUMBER_TEXT: CellReader = {
  expected: 'a finite number within float32, true or false',
  accept: numberOfText,
}

export function readerOf(datatype: string, kind: RequestColumn['kind']): CellReader {
  if (datatype === 'JSON') return JSON_VALUES[kind]
  if (datatype === 'CSV') return kind === 'number' ? NUMBER_TEXT : TEXT
  if (datatype === 'BYTES') return TEXT
  if (datatype === 'BOOL') return TRUTH
  return INTEGERS.get(datatype) ?? REAL
}
