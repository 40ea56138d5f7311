import { TextDecoder } from 'node:util'
import { gatewayErrors } from '../errors.ts'
import { DATATYPES, type InferRequest, type WireTensor } from '../open-inference.ts'
import { fieldsOf, identityOf, invalid, listOf, type ParseOptions } from '../parse-request.ts'
import { decodeRaw, decodeText } from '../tensors/raw-tensor.ts'
import {
  CONTENTS_FIELDS,
  type InputTensor,
  type ModelInferRequest,
  type Parameter,
  type Parameters,
} from './messages.ts'

/** `binary_data_output` and its like are sent by clients that speak both transports. */
const PARAMETERS = ['time', 'ids', 'timeout', 'content_type', 'binary_data_output']
const TENSOR_PARAMETERS = ['content_type', 'binary_data', 'binary_data_size']
const NONE: ReadonlySet<string> = new Set()

/**
 * A message as a request of the common path. Messages have no null: NaN is missing.
 * @throws BODY_INVALID, FIELD_UNKNOWN, INPUT_*, REQUEST_TIME_REFUSED
 */
export function readInfer(message: ModelInferRequest, options: ParseOptions): InferRequest {
  const { id, inputs, outputs, raw_input_contents: raw } = message
  const parameters = fieldsOf(plainParameters(message.parameters), 'parameters', PARAMETERS)
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw invalid('raw_input_contents', `${inputs.length} elements, one an input`, raw)
  }
  listOf(inputs, 'inputs')
  for (const { parameters: given } of outputs) {
    fieldsOf(plainParameters(given), 'outputs[].parameters', TENSOR_PARAMETERS)
  }
  return {
    ...identityOf(
      id === '' ? undefined : id,
      { ...parameters, ids: idsOf(parameters.ids) },
      options,
    ),
    inputs: inputs.map((input, index) => tensorOf(input, raw[index], `inputs[${index}]`)),
    outputs: outputs.length === 0 ? undefined : outputs.map(({ name }) => name),
    binaryOutputs: NONE,
  }
}

/** A parameter has no lists: ids come as the JSON of one. */
function idsOf(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw invalid('parameters.ids', 'a JSON array of texts', value)
  }
}

export function plainParameters(parameters: Parameters): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, plainValue(parameter)]),
  )
}

function plainValue(parameter: Parameter): unknown {
  const { bool_param, int64_param, string_param, double_param, uint64_param, bytes_param } =
    parameter
  return bool_param ?? int64_param ?? string_param ?? double_param ?? uint64_param ?? bytes_param
}

function tensorOf(input: InputTensor, raw: Buffer | undefined, where: string): WireTensor {
  const { name, datatype, shape, contents } = input
  fieldsOf(plainParameters(input.parameters), `${where}.parameters`, TENSOR_PARAMETERS)
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw invalid(`${where}.shape`, 'whole numbers', shape)
  }
  if (raw !== undefined) {
    if (contents !== null) throw invalid(`${where}.contents`, 'nothing beside bytes', contents)
    return { name, datatype, shape, data: decodeRaw(name, datatype, raw) }
  }
  return { name, datatype, shape, data: contentsOf(input) }
}

function contentsOf({ name, datatype, contents }: InputTensor): readonly unknown[] {
  const field = CONTENTS_FIELDS[datatype]
  if (field === undefined) {
    const got = JSON.stringify(datatype.slice(0, 40))
    throw gatewayErrors.INPUT_DATATYPE_WRONG({ input: name, expected: DATATYPES.join(', '), got })
  }
  const values: readonly unknown[] = contents?.[field] ?? []
  if (field === 'bytes_contents') {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return (contents?.bytes_contents ?? []).map((bytes, row) =>
      decodeText(bytes, { decoder, input: name, row }),
    )
  }
  return values.map((value) => (Number.isNaN(value) ? null : value))
}
