import { ProtobufError, type ProtobufField, ProtobufReader } from './protobuf-reader.ts'

/**
 * What a look into an ONNX file found. `corrupt`: not a whole ONNX model. `not-allowed`: a model that
 * would reach outside its own file or needs operators other than the standard ones.
 */
export type OnnxInspection =
  | {
      readonly outcome: 'allowed'
      /** Types of the operators in all of its graphs, sorted. */
      readonly operators: readonly string[]
    }
  | { readonly outcome: 'corrupt'; readonly reason: string }
  | { readonly outcome: 'not-allowed'; readonly reason: string }

/** The operator sets that onnxruntime itself defines by the standard; "" is "ai.onnx". */
const STANDARD_DOMAINS: readonly string[] = ['', 'ai.onnx', 'ai.onnx.ml']

/** Graphs nest in operators such as If; real models stay in single digits. */
const MAX_DEPTH = 64

type Message =
  | 'model'
  | 'opset'
  | 'graph'
  | 'node'
  | 'attribute'
  | 'tensor'
  | 'sparse-tensor'
  | 'function'
  | 'training'

/** Field numbers of onnx.proto that lead to other messages worth a look. */
const CHILDREN: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 8: 'opset', 20: 'training', 25: 'function' },
  opset: {},
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse-tensor' },
  node: { 5: 'attribute' },
  attribute: {
    5: 'tensor',
    6: 'graph',
    10: 'tensor',
    11: 'graph',
    22: 'sparse-tensor',
    23: 'sparse-tensor',
  },
  tensor: {},
  'sparse-tensor': { 1: 'tensor', 2: 'tensor' },
  function: { 7: 'node', 9: 'opset', 11: 'attribute' },
  training: { 1: 'graph', 2: 'graph' },
}

/** Fields that name an operator domain. */
const DOMAIN_FIELD: Readonly<Partial<Record<Message, number>>> = { opset: 1, node: 7, function: 10 }

const TENSOR = { dims: 1, int64s: 7, name: 8, raw: 9, externalData: 13, dataLocation: 14 } as const
const NODE = { input: 1, output: 2, operator: 4 } as const

/** Turns of a Loop that no useful model of rows needs. */
const MAX_TURNS = 1_000_000

class Refusal extends Error {}

interface Range {
  readonly message: Message
  readonly start: number
  readonly end: number
  readonly depth: number
  /** Name of the constant that the message is the value of. */
  readonly constant?: string | undefined
}

/** What the walk has come across. */
interface Findings {
  readonly operators: Set<string>
  /** What says how often each Loop turns; empty when nothing does. */
  readonly turns: string[]
  /** Whole numbers by the name of the constant that holds them. */
  readonly constants: Map<string, number>
}

/**
 * Looks through an ONNX file without loading it. Each byte is read at most once, the stack is a list,
 * and nothing is allocated by a length the file declares, so a hostile file costs no more than its
 * own size.
 */
export function inspectOnnx(bytes: Uint8Array): OnnxInspection {
  try {
    return { outcome: 'allowed', operators: walk(bytes) }
  } catch (error) {
    if (error instanceof Refusal) return { outcome: 'not-allowed', reason: error.message }
    if (error instanceof ProtobufError) {
      return { outcome: 'corrupt', reason: `it is no whole ONNX file (${error.message})` }
    }
    throw error
  }
}

function walk(bytes: Uint8Array): readonly string[] {
  const found: Findings = { operators: new Set(), turns: [], constants: new Map() }
  const pending: Range[] = [{ message: 'model', start: 0, end: bytes.length, depth: 0 }]
  let graphs = 0
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    if (range.depth > MAX_DEPTH) throw new Refusal(`its messages nest deeper than ${MAX_DEPTH}`)
    if (range.message === 'graph') graphs++
    if (range.message === 'tensor') inspectTensor(bytes, range, found)
    else inspectMessage(bytes, noteNode(bytes, range, found), pending)
  }
  if (graphs === 0) throw new ProtobufError('it holds no graph')
  checkTurns(found)
  return [...found.operators].sort()
}

/** Notes what a node does; of a Constant, its parts hold the value. */
function noteNode(bytes: Uint8Array, range: Range, found: Findings): Range {
  if (range.message !== 'node') return range
  let operator = ''
  let firstInput: string | undefined
  let output = ''
  const reader = new ProtobufReader(bytes, range.start, range.end)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === NODE.operator) operator = textOf(bytes, field)
    else if (field.number === NODE.input) firstInput ??= textOf(bytes, field)
    else if (field.number === NODE.output) output ||= textOf(bytes, field)
  }
  found.operators.add(operator)
  if (operator === 'Loop') found.turns.push(firstInput ?? '')
  return operator === 'Constant' ? { ...range, constant: output } : range
}

/** A Loop ends by itself only when a constant says after how many turns. */
function checkTurns({ turns, constants }: Findings): void {
  for (const name of turns) {
    const count = constants.get(name)
    if (count === undefined) throw new Refusal('it has a Loop without a constant number of turns')
    if (!(count >= 0 && count <= MAX_TURNS)) {
      throw new Refusal(`it has a Loop of ${count} turns where at most ${MAX_TURNS} can be`)
    }
  }
}

function textOf(bytes: Uint8Array, { wire, start, end }: ProtobufField): string {
  if (wire !== 2) throw new ProtobufError('a name that is no text')
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8', 0, 512)
}

function inspectMessage(bytes: Uint8Array, range: Range, pending: Range[]): void {
  const children = CHILDREN[range.message]
  const domainField = DOMAIN_FIELD[range.message]
  const reader = new ProtobufReader(bytes, range.start, range.end)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === domainField) inspectDomain(bytes, field)
    const message = children[field.number]
    if (message === undefined) continue
    if (field.wire !== 2) throw new ProtobufError(`field ${field.number} of ${range.message}`)
    const { start, end } = field
    const { constant } = range
    pending.push({ message, start, end, depth: range.depth + 1, constant })
  }
}

function inspectDomain(bytes: Uint8Array, field: ProtobufField): void {
  if (field.wire !== 2) throw new ProtobufError('a domain that is no text')
  const length = Math.min(field.end - field.start, 80)
  const domain = Buffer.from(bytes.buffer, bytes.byteOffset + field.start, length).toString('utf8')
  if (!STANDARD_DOMAINS.includes(domain)) {
    throw new Refusal(`it uses operators of the domain ${JSON.stringify(domain)}`)
  }
}

/** A tensor keeps its numbers in the file, and declares no more of them than are there. */
function inspectTensor(bytes: Uint8Array, range: Range, { constants }: Findings): void {
  let elements = 1
  let name = ''
  let value: number | undefined
  const reader = new ProtobufReader(bytes, range.start, range.end)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === TENSOR.externalData || isExternal(field)) {
      throw new Refusal('it keeps tensor data in another file')
    }
    if (field.number === TENSOR.dims) elements *= dimensions(bytes, field)
    else if (field.number === TENSOR.name) name = textOf(bytes, field)
    else value ??= wholeNumber(bytes, field)
  }
  // Of constants of one name, the largest counts.
  if (value !== undefined) {
    const key = range.constant ?? name
    constants.set(key, Math.max(value, constants.get(key) ?? value))
  }
  // The smallest elements are 4 bits wide, so a message of n bytes holds at most 2n of them.
  const most = 2 * (range.end - range.start)
  if (!(elements <= most)) {
    throw new Refusal(`a tensor declares ${elements} numbers where at most ${most} can be`)
  }
}

/** A tensor's first 64-bit number, in either form; undefined in other fields. */
function wholeNumber(bytes: Uint8Array, field: ProtobufField): number | undefined {
  const { number, wire, start, end } = field
  if (number === TENSOR.int64s) return wire === 0 ? field.value : dimensions(bytes, field)
  if (number !== TENSOR.raw || end - start !== 8) return undefined
  return Number(new DataView(bytes.buffer, bytes.byteOffset + start, 8).getBigInt64(0, true))
}

function isExternal(field: ProtobufField): boolean {
  return field.number === TENSOR.dataLocation && field.value !== 0
}

/** Product of the sizes in one `dims` field, which is one number or a packed list. */
function dimensions(bytes: Uint8Array, field: ProtobufField): number {
  if (field.wire === 0) return field.value
  if (field.wire !== 2) throw new ProtobufError('dimensions that are no numbers')
  let product = 1
  let at = field.start
  while (at < field.end) {
    let size = 0
    let scale = 1
    let byte = 0x80
    while (byte >= 0x80) {
      if (at >= field.end) throw new ProtobufError('cut off within the dimensions')
      byte = bytes[at++] ?? 0
      size += (byte & 0x7f) * scale
      scale *= 128
    }
    product *= size
  }
  return product
}
