import { readFile } from 'node:fs/promises'
import { inferenceErrors } from './errors.ts'
import { ProtobufError, type ProtobufField, ProtobufReader } from './protobuf-reader.ts'

/** What a session costs however small its model is. */
const SESSION_BYTES = 256 * 1_024
/** Weights are kept as they are, with some room around them. */
const PER_TENSOR_BYTE = 1.2
/**
 * Everything else, above all the nodes of tree ensembles: a few bytes in the file each, a structure of
 * numbers and texts in memory. Measured between 8 and 11.
 */
const PER_OTHER_BYTE = 10

const GRAPH = 7
const INITIALIZER = 5

/**
 * About how much memory an ONNX file takes once it is loaded, in bytes, by what it consists of. An
 * upper estimate of the growth of resident memory as measured (bench/gateway-memory.ts): dense
 * weights cost about their size, trees about ten times their size in the file.
 * @throws MODEL_CORRUPT when the file cannot be read; a broken one is estimated by its size
 */
export async function estimateMemory(path: string): Promise<number> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw inferenceErrors.MODEL_CORRUPT({ model: path, reason }, cause)
  }
  const tensors = tensorBytes(bytes)
  const others = bytes.length - tensors
  return Math.ceil(SESSION_BYTES + PER_TENSOR_BYTE * tensors + PER_OTHER_BYTE * others)
}

/** Bytes of the graph's own weights. */
function tensorBytes(bytes: Uint8Array): number {
  try {
    const graphs = fieldsOf(bytes, GRAPH, { start: 0, end: bytes.length })
    const tensors = graphs.flatMap((graph) => fieldsOf(bytes, INITIALIZER, graph))
    return tensors.reduce((sum, { start, end }) => sum + end - start, 0)
  } catch (error) {
    if (error instanceof ProtobufError) return 0
    throw error
  }
}

function fieldsOf(
  bytes: Uint8Array,
  number: number,
  { start, end }: { readonly start: number; readonly end: number },
): ProtobufField[] {
  const found: ProtobufField[] = []
  const reader = new ProtobufReader(bytes, start, end)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === number && field.wire === 2) found.push(field)
  }
  return found
}
