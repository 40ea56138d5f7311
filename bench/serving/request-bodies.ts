import { customerOf, LOOKED_UP } from './bench-project.ts'
import { FEATURES } from './model-files.ts'
import { tensorRequest } from './tensor-messages.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

/** Bodies with the headers that go with each of them. */
export interface Requests {
  readonly headers: Readonly<Record<string, string>>
  /** In base64. */
  readonly bodies: readonly string[]
}

const encoded = (bodies: readonly unknown[]): Requests => ({
  headers: JSON_HEADERS,
  bodies: bodies.map((body) => Buffer.from(JSON.stringify(body)).toString('base64')),
})

const tensor = (data: readonly number[], shape: readonly number[]) => ({
  name: 'numbers',
  datatype: 'FP32',
  shape,
  data,
})

/** The Open Inference Protocol with one row as one tensor; MLServer takes the same bytes. */
export const tensorBodies = (rows: readonly Float32Array[]): Requests =>
  encoded(rows.map((row) => ({ inputs: [tensor([...row], [1, row.length])] })))

/** What is not looked up as a tensor, and the customer whose features are. */
export const lookUpBodies = (rows: readonly Float32Array[]): Requests =>
  encoded(
    rows.map((row, i) => ({
      inputs: [
        tensor([...row.subarray(0, FEATURES - LOOKED_UP)], [1, FEATURES - LOOKED_UP]),
        { name: 'customer', datatype: 'BYTES', shape: [1], data: [customerOf(i)] },
      ],
    })),
  )

/** MLflow's scoring protocol. */
export const mlflowBodies = (rows: readonly Float32Array[]): Requests =>
  encoded(rows.map((row) => ({ inputs: [[...row]] })))

export const bentoBodies = (rows: readonly Float32Array[]): Requests =>
  encoded(rows.map((row) => ({ rows: [[...row]] })))

/** All rows in one request, in JSON. */
export const batchBodies = (rows: readonly Float32Array[]): Requests =>
  encoded([
    {
      inputs: [
        tensor(
          rows.flatMap((row) => [...row]),
          [rows.length, FEATURES],
        ),
      ],
    },
  ])

/** All rows in one request, as packed float32 after the JSON; the probabilities come back so. */
export function packedBatchBodies(rows: readonly Float32Array[]): Requests {
  const packed = Buffer.concat(
    rows.map((row) => Buffer.from(row.buffer, row.byteOffset, row.byteLength)),
  )
  const header = JSON.stringify({
    inputs: [
      {
        name: 'numbers',
        datatype: 'FP32',
        shape: [rows.length, FEATURES],
        parameters: { binary_data_size: packed.length },
      },
    ],
    outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
  })
  return {
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(Buffer.byteLength(header)),
    },
    bodies: [Buffer.concat([Buffer.from(header), packed]).toString('base64')],
  }
}

/** gRPC messages of one row as one packed tensor. */
export const grpcBodies = (model: string, rows: readonly Float32Array[]): Requests => ({
  headers: {},
  bodies: rows.map((data) =>
    tensorRequest(model, { name: 'numbers', shape: [1, data.length], data }).toString('base64'),
  ),
})
