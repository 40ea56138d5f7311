import { instantMs } from '../../core/records/index.ts'
import { gatewayErrors } from './errors.ts'
import { type InferRequest, UNTYPED, type WireTensor } from './open-inference.ts'
import { decodeRaw } from './tensors/raw-tensor.ts'

type Fields = Readonly<Record<string, unknown>>

const REQUEST_FIELDS = ['id', 'parameters', 'inputs', 'outputs']
/** `content_type` is sent by common clients and says nothing that matters here. */
const PARAMETER_FIELDS = ['time', 'ids', 'key', 'timeout', 'content_type', 'binary_data_output']
const INPUT_FIELDS = ['name', 'shape', 'datatype', 'data', 'parameters']
const OUTPUT_FIELDS = ['name', 'parameters']
const INPUT_PARAMETERS = ['content_type', 'binary_data', 'binary_data_size']
const OUTPUT_PARAMETERS = ['content_type', 'binary_data']
const MAX_ID_LENGTH = 256

export interface ParseOptions {
  readonly acceptRequestTime: boolean
  /** What followed the JSON: the inputs' binary data, one after another. */
  readonly binary?: Buffer
}

/**
 * Checks the form of an inference request.
 * @throws BODY_INVALID, FIELD_UNKNOWN, REQUEST_TIME_REFUSED
 */
export function parseRequest(body: unknown, options: ParseOptions): InferRequest {
  const request = fieldsOf(body, 'the body', REQUEST_FIELDS)
  const parameters = optionalFields(request.parameters, 'parameters', PARAMETER_FIELDS)
  const isBinary = flagOf(parameters.binary_data_output, 'parameters.binary_data_output')
  const outputs = request.outputs === undefined ? undefined : outputsOf(request.outputs, isBinary)
  return {
    ...identityOf(request.id, parameters, options),
    inputs: inputsOf(request.inputs, options.binary),
    outputs: outputs?.map(({ name }) => name),
    binaryOutputs:
      outputs === undefined
        ? isBinary
          ? 'all'
          : NONE
        : new Set(outputs.filter((output) => output.isBinary).map(({ name }) => name)),
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Which request this is, and when it is asked, in any protocol. */
export function identityOf(
  id: unknown,
  parameters: Fields,
  options: ParseOptions,
): Pick<InferRequest, 'id' | 'ids' | 'key' | 'timeMs' | 'timeoutMs'> {
  return {
    id: id === undefined ? undefined : idOf(id, 'id'),
    ids: parameters.ids === undefined ? undefined : idsOf(parameters.ids),
    key: parameters.key === undefined ? undefined : idOf(parameters.key, 'parameters.key'),
    timeMs: parameters.time === undefined ? undefined : timeOf(parameters.time, options),
    timeoutMs: timeoutOf(parameters.timeout),
  }
}

/** `parameters.timeout` as Triton defines it: whole microseconds, 0 for none; in milliseconds. */
function timeoutOf(value: unknown): number | undefined {
  if (value === undefined || value === 0) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalid('parameters.timeout', 'whole microseconds', value)
  }
  return value / 1_000
}

/** How a value is shown in an error: short, and never a page of data. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

export function invalid(where: string, expected: string, got: unknown) {
  return gatewayErrors.BODY_INVALID({ where, expected, got: shown(got) })
}

/** @param known every field is, when absent */
export function fieldsOf(value: unknown, where: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(where, 'an object', value)
  }
  if (known === undefined) return value as Fields
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) throw gatewayErrors.FIELD_UNKNOWN({ where, field, known })
  }
  return value as Fields
}

export function optionalFields(value: unknown, where: string, known: readonly string[]): Fields {
  return value === undefined ? {} : fieldsOf(value, where, known)
}

export function listOf(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(where, 'an array', value)
  if (value.length === 0) throw invalid(where, 'at least one element', value)
  return value
}

export function idOf(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_ID_LENGTH) {
    throw invalid(where, `a text of 1 to ${MAX_ID_LENGTH} characters`, value)
  }
  return value
}

function idsOf(value: unknown): readonly string[] {
  const ids = listOf(value, 'parameters.ids').map((id, i) => idOf(id, `parameters.ids[${i}]`))
  if (new Set(ids).size < ids.length)
    throw invalid('parameters.ids', 'different ids', 'a repetition')
  return ids
}

function timeOf(value: unknown, options: { readonly acceptRequestTime: boolean }): number {
  if (!options.acceptRequestTime) throw gatewayErrors.REQUEST_TIME_REFUSED({ time: shown(value) })
  return momentOf(value, 'parameters.time')
}

/** Milliseconds from a number, or from an ISO 8601 text (UTC when it names no zone). */
export function momentOf(value: unknown, where: string): number {
  const ms =
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? instantMs(value) : value
  if (typeof ms !== 'number' || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    throw invalid(where, 'ISO 8601 text or milliseconds since 1970', value)
  }
  return ms
}

function inputsOf(value: unknown, binary: Buffer | undefined): readonly WireTensor[] {
  let read = 0
  const inputs = listOf(value, 'inputs').map((item, index) => {
    const where = `inputs[${index}]`
    const input = fieldsOf(item, where, INPUT_FIELDS)
    const bytes = binaryPart(input, { where, binary, from: read })
    read += bytes?.length ?? 0
    return inputOf(input, where, bytes)
  })
  if (binary !== undefined && read !== binary.length) {
    throw invalid('the binary data', `${read} bytes as the inputs say`, binary.length)
  }
  return inputs
}

/** The bytes of an input that says how many it has. */
function binaryPart(
  input: Fields,
  {
    where,
    binary = Buffer.alloc(0),
    from,
  }: { readonly where: string; readonly binary: Buffer | undefined; readonly from: number },
): Buffer | undefined {
  if (input.parameters === undefined) return undefined
  const parameters = optionalFields(input.parameters, `${where}.parameters`, INPUT_PARAMETERS)
  const { binary_data_size: size, binary_data: isBinary } = parameters
  if (size === undefined) {
    if (isBinary !== undefined && isBinary !== false) {
      throw invalid(`${where}.parameters.binary_data_size`, 'a whole number', size)
    }
    return undefined
  }
  const left = binary.length - from
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > left) {
    const expected = `a whole number, at most the ${left} bytes that are left after the JSON`
    throw invalid(`${where}.parameters.binary_data_size`, expected, size)
  }
  if (input.data !== undefined) throw invalid(`${where}.data`, 'nothing beside bytes', input.data)
  return binary.subarray(from, from + size)
}

function inputOf(input: Fields, where: string, bytes: Buffer | undefined): WireTensor {
  const { name, datatype, shape } = input
  if (typeof name !== 'string') throw invalid(`${where}.name`, 'a text', name)
  if (typeof datatype !== 'string') throw invalid(`${where}.datatype`, 'a text', datatype)
  // Values without a datatype belong to other protocols.
  if (UNTYPED.includes(datatype)) throw invalid(`${where}.datatype`, 'a datatype', datatype)
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw invalid(`${where}.shape`, 'an array of whole numbers', shape)
  }
  const data = bytes === undefined ? input.data : decodeRaw(name, datatype, bytes)
  if (!Array.isArray(data)) throw invalid(`${where}.data`, 'an array', data)
  return { name, datatype, shape, data }
}

interface WantedOutput {
  readonly name: string
  readonly isBinary: boolean
}

function outputsOf(value: unknown, isBinary: boolean): readonly WantedOutput[] {
  return listOf(value, 'outputs').map((item, index) => {
    const where = `outputs[${index}]`
    const output = fieldsOf(item, where, OUTPUT_FIELDS)
    const place = `${where}.parameters`
    const parameters = optionalFields(output.parameters, place, OUTPUT_PARAMETERS)
    if (typeof output.name !== 'string') throw invalid(`${where}.name`, 'a text', output.name)
    const own = parameters.binary_data
    const asBytes = own === undefined ? isBinary : flagOf(own, `${place}.binary_data`)
    return { name: output.name, isBinary: asBytes }
  })
}

function flagOf(value: unknown, where: string): boolean {
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw invalid(where, 'true or false', value)
  return value
}
