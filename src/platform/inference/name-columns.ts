import type { ModelSignature } from '../../core/records/index.ts'
import { inferenceErrors } from './errors.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { bytesField, numberField, textField, varint } from './protobuf-writer.ts'
import { renameValues } from './rename-values.ts'

/** Element types of onnx.proto. */
const ELEMENTS = { float: 1, int64: 7, string: 8, double: 11 } as const
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const
const MODEL = { graph: 7 } as const
/** A shape of one column with as many rows as there are. */
const COLUMN_SHAPE = 'column_shape'

/** One answer of a model, by name: numbers, one a row. */
export interface OutputColumn {
  readonly name: string
  readonly type: 'float' | 'long'
}

/**
 * What the model with named columns answers: `probability_<class>` for each class, else
 * `prediction`, or `cluster`.
 */
export function outputColumns(signature: ModelSignature): readonly OutputColumn[] {
  if (signature.problemType === 'clustering') return [{ name: 'cluster', type: 'long' }]
  if (signature.classes.length === 0) return [{ name: 'prediction', type: 'float' }]
  return signature.classes.map((label) => ({ name: `probability_${label}`, type: 'float' }))
}

/**
 * The same model with one input for each column and one output for each number, in place of packed
 * tensors: what programs feed from a table by the columns' names. Numbers come as doubles and become
 * float32 inside; a missing one is NaN, a missing text "".
 *
 * An input has the shape [rows]; where it is the only one, [rows, 1].
 * @throws MODEL_CORRUPT when it is no ONNX file with that output
 */
export function nameColumns(model: Uint8Array, signature: ModelSignature): Uint8Array {
  const pieces: Uint8Array[] = []
  const reader = new ProtobufReader(model)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    const content = model.subarray(field.start, field.end)
    if (field.number === MODEL.graph)
      pieces.push(bytesField(MODEL.graph, [nameGraph(content, signature)]))
    else if (field.wire === 2) pieces.push(bytesField(field.number, [content]))
    else pieces.push(varint(field.number * 8 + field.wire), content)
  }
  return Buffer.concat(pieces)
}

function nameGraph(graph: Uint8Array, signature: ModelSignature): Uint8Array {
  const prefix = freePrefix(signature)
  const renamed = renameValues(graph, prefix)
  const { numeric, categorical } = signature.tensors
  const packed = [
    ...pack({ signature, kind: 'number', tensor: numeric, prefix }),
    ...pack({ signature, kind: 'text', tensor: categorical, prefix }),
  ]
  const answers = unpack(signature, prefix)
  const inputs = signature.inputs.map(({ name, kind }) =>
    bytesField(GRAPH.input, [
      value(name, kind === 'number' ? ELEMENTS.double : ELEMENTS.string, {
        isAlone: signature.inputs.length === 1,
      }),
    ]),
  )
  return Buffer.concat([
    ...packed,
    ...kept(renamed, `${prefix}${signature.tensors.output}`),
    ...answers,
    bytesField(GRAPH.initializer, [integers(`${prefix}${COLUMN_SHAPE}`, [-1, 1], [2])]),
    ...inputs,
    ...outputColumns(signature).map(({ name, type }) =>
      bytesField(GRAPH.output, [value(name, type === 'float' ? ELEMENTS.float : ELEMENTS.int64)]),
    ),
  ])
}

/** Values inside are called what no column is called. */
function freePrefix(signature: ModelSignature): string {
  let prefix = 'model/'
  const names = [...signature.inputs, ...outputColumns(signature)].map(({ name }) => name)
  while (names.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`
  return prefix
}

/** All of the graph but its inputs and outputs. @throws MODEL_CORRUPT */
function* kept(graph: Uint8Array, output: string): Generator<Uint8Array> {
  let found = false
  const reader = new ProtobufReader(graph)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    const content = graph.subarray(field.start, field.end)
    if (field.number === GRAPH.output && nameOf(content) === output) found = true
    if (field.number === GRAPH.input || field.number === GRAPH.output) continue
    if (field.wire === 2) yield bytesField(field.number, [content])
    else yield Buffer.concat([varint(field.number * 8 + field.wire), content])
  }
  if (!found) {
    const reason = `it has no output ${output}`
    throw inferenceErrors.MODEL_CORRUPT({ model: 'the model', reason })
  }
}

function nameOf(valueInfo: Uint8Array): string {
  const reader = new ProtobufReader(valueInfo)
  for (let field = reader.next(); field !== undefined; field = reader.next())
    if (field.number === 1)
      return Buffer.from(valueInfo.subarray(field.start, field.end)).toString('utf8')
  return ''
}

interface Packing {
  readonly signature: ModelSignature
  readonly kind: 'number' | 'text'
  readonly tensor: string | null
  readonly prefix: string
}

/** Columns side by side, as the tensor that the model takes. */
function pack({ signature, kind, tensor, prefix }: Packing): Uint8Array[] {
  if (tensor === null) return []
  const names = signature.inputs.filter((input) => input.kind === kind).map(({ name }) => name)
  const columns = names.map((name, at) => {
    const column = `${prefix}${kind}_${at}`
    return {
      column,
      node: node('Reshape', { inputs: [name, `${prefix}${COLUMN_SHAPE}`], output: column }),
    }
  })
  const inputs = columns.map(({ column }) => column)
  const whole = `${prefix}${tensor}`
  const wide = kind === 'number' ? `${whole}_double` : whole
  return [
    ...columns.map((column) => column.node),
    node('Concat', { inputs, output: wide, integer: ['axis', 1] }),
    ...(kind === 'number'
      ? [node('Cast', { inputs: [wide], output: whole, integer: ['to', ELEMENTS.float] })]
      : []),
  ]
}

/** One number a row for each output. */
function unpack(signature: ModelSignature, prefix: string): Uint8Array[] {
  const tensor = `${prefix}${signature.tensors.output}`
  if (signature.problemType === 'clustering')
    return [node('Identity', { inputs: [tensor], output: 'cluster' })]
  return outputColumns(signature).flatMap(({ name }, at) => {
    const index = `${prefix}answer_${at}`
    return [
      node('Gather', { inputs: [tensor, index], output: name, integer: ['axis', 1] }),
      bytesField(GRAPH.initializer, [integers(index, [at], [])]),
    ]
  })
}

interface Node {
  readonly inputs: readonly string[]
  readonly output: string
  readonly integer?: readonly [name: string, value: number]
}

function node(operator: string, { inputs, output, integer }: Node): Uint8Array {
  const attribute =
    integer === undefined
      ? []
      : [
          bytesField(5, [
            textField(1, integer[0]),
            numberField(3, integer[1]),
            // The attribute's type: one integer.
            numberField(20, 2),
          ]),
        ]
  return bytesField(GRAPH.node, [
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(4, operator),
    ...attribute,
  ])
}

/** A constant of 64-bit integers; no dimensions make it one number. */
function integers(name: string, values: readonly number[], dimensions: readonly number[]) {
  const raw = Buffer.from(BigInt64Array.from(values, BigInt).buffer)
  return Buffer.concat([
    ...dimensions.map((size) => numberField(1, size)),
    numberField(2, ELEMENTS.int64),
    textField(8, name),
    bytesField(9, [raw]),
  ])
}

/** A value of the shape [rows], or [rows, 1]. */
function value(name: string, element: number, { isAlone = false } = {}): Uint8Array {
  const rows = bytesField(1, [textField(2, 'rows')])
  const shape = isAlone ? [rows, bytesField(1, [numberField(1, 1)])] : [rows]
  const tensor = [numberField(1, element), bytesField(2, shape)]
  return Buffer.concat([textField(1, name), bytesField(2, [bytesField(1, tensor)])])
}
