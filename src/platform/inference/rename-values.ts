import { ProtobufReader } from './protobuf-reader.ts'
import { bytesField, textField, varint } from './protobuf-writer.ts'

type Message = 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse-tensor' | 'value'

/** Fields of onnx.proto that name a value of the graph. */
const NAMES: Readonly<Record<Message, readonly number[]>> = {
  graph: [],
  node: [1, 2],
  attribute: [],
  tensor: [8],
  'sparse-tensor': [],
  value: [1],
}

/** Fields that lead to messages with such names. */
const CHILDREN: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  graph: {
    1: 'node',
    5: 'tensor',
    11: 'value',
    12: 'value',
    13: 'value',
    14: 'value',
    15: 'sparse-tensor',
  },
  node: { 5: 'attribute' },
  attribute: { 6: 'graph', 11: 'graph' },
  tensor: {},
  'sparse-tensor': { 1: 'tensor' },
  value: {},
}

/** Puts a prefix before the name of every value in an ONNX graph, in graphs inside it too. */
export function renameValues(graph: Uint8Array, prefix: string): Uint8Array {
  return rewrite(graph, 'graph', prefix)
}

function rewrite(bytes: Uint8Array, message: Message, prefix: string): Uint8Array {
  const pieces: Uint8Array[] = []
  const reader = new ProtobufReader(bytes)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    const content = bytes.subarray(field.start, field.end)
    const child = CHILDREN[message][field.number]
    if (NAMES[message].includes(field.number)) {
      const name = Buffer.from(content).toString('utf8')
      // An optional input that is left out has an empty name.
      pieces.push(textField(field.number, name === '' ? '' : `${prefix}${name}`))
    } else if (child !== undefined)
      pieces.push(bytesField(field.number, [rewrite(content, child, prefix)]))
    else if (field.wire === 2) pieces.push(bytesField(field.number, [content]))
    else pieces.push(varint(field.number * 8 + field.wire), content)
  }
  return Buffer.concat(pieces)
}
