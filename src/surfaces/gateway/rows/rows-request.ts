import type { InferRequest, WireTensor } from '../open-inference.ts'
import { identityOf, invalid, optionalFields, type ParseOptions } from '../parse-request.ts'

const PARAMETERS = ['id', 'ids', 'key', 'time', 'timeout', 'output']
const NONE: ReadonlySet<string> = new Set()

/**
 * A request of a protocol that has rows only; `parameters` name it, its rows, and the output wanted.
 * @throws BODY_INVALID, FIELD_UNKNOWN, REQUEST_TIME_REFUSED
 */
export function rowsRequest(
  inputs: readonly WireTensor[],
  given: { readonly parameters: unknown; readonly where: string },
  options: ParseOptions,
): InferRequest {
  const parameters = optionalFields(given.parameters ?? undefined, given.where, PARAMETERS)
  const { id, output } = parameters
  if (output !== undefined && typeof output !== 'string') {
    throw invalid(`${given.where}.output`, 'the name of an output', output)
  }
  return {
    ...identityOf(id, parameters, options),
    inputs,
    outputs: output === undefined ? undefined : [output],
    binaryOutputs: NONE,
  }
}
