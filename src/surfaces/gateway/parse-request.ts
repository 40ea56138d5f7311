import { instantMs } from '../../core/records/index.ts'
import { gatewayErrors } from './errors.ts'
import type { InferRequest, WireTensor } from './open-inference.ts'

type Fields = Readonly<Record<string, unknown>>

const REQUEST_FIELDS = ['id', 'parameters', 'inputs', 'outputs']
/** `content_type` is sent by common clients and says nothing that matters here. */
const PARAMETER_FIELDS = ['time', 'ids', 'content_type']
const INPUT_FIELDS = ['name', 'shape', 'datatype', 'data', 'parameters']
const OUTPUT_FIELDS = ['name', 'parameters']
const TENSOR_PARAMETERS = ['content_type', 'binary_data']
const MAX_ID_LENGTH = 256

/**
 * Checks the form of an inference request.
 * @throws BODY_INVALID, FIELD_UNKNOWN, REQUEST_TIME_REFUSED
 */
export function parseRequest(
  body: unknown,
  options: { readonly acceptRequestTime: boolean },
): InferRequest {
  const request = fieldsOf(body, 'the body', REQUEST_FIELDS)
  const parameters = optionalFields(request.parameters, 'parameters', PARAMETER_FIELDS)
  return {
    id: request.id === undefined ? undefined : idOf(request.id, 'id'),
    ids: parameters.ids === undefined ? undefined : idsOf(parameters.ids),
    timeMs: parameters.time === undefined ? undefined : timeOf(parameters.time, options),
    inputs: listOf(request.inputs, 'inputs').map(inputOf),
    outputs: request.outputs === undefined ? undefined : outputsOf(request.outputs),
  }
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

export function fieldsOf(value: unknown, where: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(where, 'an object', value)
  }
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) throw gatewayErrors.FIELD_UNKNOWN({ where, field, known })
  }
  return value as Fields
}

function optionalFields(value: unknown, where: string, known: readonly string[]): Fields {
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

function inputOf(value: unknown, index: number): WireTensor {
  const where = `inputs[${index}]`
  const input = fieldsOf(value, where, INPUT_FIELDS)
  tensorParameters(input.parameters, where)
  const { name, datatype, shape, data } = input
  if (typeof name !== 'string') throw invalid(`${where}.name`, 'a text', name)
  if (typeof datatype !== 'string') throw invalid(`${where}.datatype`, 'a text', datatype)
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw invalid(`${where}.shape`, 'an array of whole numbers', shape)
  }
  if (!Array.isArray(data)) throw invalid(`${where}.data`, 'an array', data)
  return { name, datatype, shape, data }
}

function outputsOf(value: unknown): readonly string[] {
  return listOf(value, 'outputs').map((item, index) => {
    const where = `outputs[${index}]`
    const output = fieldsOf(item, where, OUTPUT_FIELDS)
    tensorParameters(output.parameters, where)
    if (typeof output.name !== 'string') throw invalid(`${where}.name`, 'a text', output.name)
    return output.name
  })
}

function tensorParameters(value: unknown, where: string): void {
  const parameters = optionalFields(value, `${where}.parameters`, TENSOR_PARAMETERS)
  if (parameters.binary_data !== undefined && parameters.binary_data !== false) {
    throw invalid(
      `${where}.parameters.binary_data`,
      'false: data goes as JSON',
      parameters.binary_data,
    )
  }
}
