import { type FileHandle, open } from 'node:fs/promises'
import { inferenceErrors } from './errors.ts'

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
/** More than real graphs have; who has more is estimated by what was seen until then. */
const MAX_FIELDS = 100_000
/** A field's number and length take at most so many bytes. */
const HEADER_BYTES = 20

/**
 * About how much memory an ONNX file takes once it is loaded, in bytes, by what it consists of: dense
 * weights about their size, trees about ten times their size in the file. An estimate, no bound:
 * resident memory was seen to grow by up to 1.7 times as much for 50 MB of weights and by 1.25 for as
 * many trees, since loading takes room of its own that the allocator keeps; for small files by more
 * (bench/gateway-memory.ts, figures in bench/README.md). Reads the lengths in the file only, not what
 * they are of.
 * @throws MODEL_CORRUPT when the file cannot be read; a broken one is estimated by its size
 */
export async function estimateMemory(path: string): Promise<number> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    const { size } = await file.stat()
    const tensors = await tensorBytes(file, size)
    return Math.ceil(SESSION_BYTES + PER_TENSOR_BYTE * tensors + PER_OTHER_BYTE * (size - tensors))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw inferenceErrors.MODEL_CORRUPT({ model: path, reason }, cause)
  } finally {
    await file?.close()
  }
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Bytes of the graph's own weights; of a broken file, those before the damage. */
async function tensorBytes(file: FileHandle, size: number): Promise<number> {
  let sum = 0
  for (const graph of await fieldsOf(file, GRAPH, { start: 0, end: size })) {
    for (const { start, end } of await fieldsOf(file, INITIALIZER, graph)) sum += end - start
  }
  return sum
}

/** The places of a message's fields of one number. */
async function fieldsOf(file: FileHandle, number: number, { start, end }: Range): Promise<Range[]> {
  const found: Range[] = []
  let at = start
  for (let seen = 0; at < end && seen < MAX_FIELDS; seen++) {
    const field = await fieldAt(file, at, end)
    if (field === undefined) break
    if (field.number === number) found.push(field)
    at = field.end
  }
  return found
}

/** Undefined for what is no field, or reaches beyond the end. */
async function fieldAt(file: FileHandle, at: number, end: number) {
  const header = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, at)
  const tag = readVarint(header, 0, bytesRead)
  if (tag === undefined) return undefined
  const wire = tag.value % 8
  const value = readVarint(header, tag.end, bytesRead)
  const width = { 0: value && value.end - tag.end, 1: 8, 5: 4 }[wire]
  const length = wire === 2 ? value?.value : width
  if (length === undefined) return undefined
  const start = at + (wire === 2 ? (value?.end ?? 0) : tag.end)
  if (start + length > end) return undefined
  return { number: Math.floor(tag.value / 8), start, end: start + length }
}

function readVarint(bytes: Uint8Array, from: number, to: number) {
  let value = 0
  let scale = 1
  for (let at = from; at < to && at < from + 10; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, end: at + 1 }
    scale *= 128
  }
  return undefined
}
