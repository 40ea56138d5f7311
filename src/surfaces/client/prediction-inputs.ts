import { ClientError } from './client-error.ts'

/** A value of an input; null and undefined are missing. */
export type InputValue = number | string | boolean | null | undefined

/** Columns of equal length, by input. */
export type InputColumns<Row extends object> = {
  readonly [Name in keyof Row]: readonly (Row[Name] | null | undefined)[]
}

/** Rows, or the same as columns. */
export type PredictionInputs<Row extends object> = readonly Row[] | InputColumns<Row>

/** A column as the Open Inference Protocol sends it. */
export interface InputTensor {
  readonly name: string
  /** Undefined when every value is missing: then the model's metadata say it. */
  readonly datatype: 'FP64' | 'BYTES' | 'BOOL' | undefined
  readonly shape: readonly [number]
  readonly data: readonly (number | string | boolean | null)[]
}

const DATATYPES: Readonly<Record<string, InputTensor['datatype']>> = {
  number: 'FP64',
  string: 'BYTES',
  boolean: 'BOOL',
}

/** @throws ClientError INPUTS_INVALID */
export function tensorsOf<Row extends object>(inputs: PredictionInputs<Row>): InputTensor[] {
  const columns = columnsOf(inputs)
  const tensors = [...columns].map(([name, values]) => tensorOf(name, values))
  const rows = tensors[0]?.data.length ?? 0
  if (rows === 0) throw inputsInvalid('there is no row, or no column')
  const odd = tensors.find(({ data }) => data.length !== rows)
  if (odd !== undefined) {
    throw inputsInvalid(`"${odd.name}" has ${odd.data.length} values, the first column ${rows}`)
  }
  return tensors
}

/** An input that only some rows name is missing in the others. */
export function columnsOf<Row extends object>(
  inputs: PredictionInputs<Row>,
): ReadonlyMap<string, readonly InputValue[]> {
  if (!isRows(inputs)) {
    return new Map(Object.entries(inputs as Record<string, readonly InputValue[]>))
  }
  const rows = inputs as readonly Readonly<Record<string, InputValue>>[]
  const names = new Set(rows.flatMap((row) => Object.keys(row)))
  return new Map([...names].map((name) => [name, rows.map((row) => row[name])]))
}

function isRows<Row extends object>(inputs: PredictionInputs<Row>): inputs is readonly Row[] {
  return Array.isArray(inputs)
}

function tensorOf(name: string, values: readonly InputValue[]): InputTensor {
  let kind: string | undefined
  const data = values.map((value, row) => {
    if (value === null || value === undefined || Number.isNaN(value)) return null
    if (DATATYPES[typeof value] === undefined || value === Infinity || value === -Infinity) {
      throw inputsInvalid(`"${name}" in row ${row} is no finite number, text, true or false`)
    }
    kind ??= typeof value
    if (kind !== typeof value) {
      throw inputsInvalid(`"${name}" is a ${kind} in one row and a ${typeof value} in row ${row}`)
    }
    return value
  })
  return { name, datatype: DATATYPES[kind ?? ''], shape: [data.length], data }
}

function inputsInvalid(reason: string): ClientError {
  return new ClientError({
    code: 'INPUTS_INVALID',
    message: `The inputs cannot be sent: ${reason}.`,
    status: 0,
    hint: 'Give rows of named values, or columns of equal length; null is missing.',
    retryable: false,
    details: {},
  })
}
