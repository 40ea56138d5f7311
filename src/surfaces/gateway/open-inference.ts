/**
 * The parts of the Open Inference Protocol (v2) that this gateway speaks: an input is one named
 * column, or a matrix of all columns of a kind.
 */

/** Integers with the bounds JSON can carry exactly: 64-bit ones end at ±(2^53 − 1). */
export const INTEGER_BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
}

export const DATATYPES: readonly string[] = [
  'FP64',
  'FP32',
  'FP16',
  ...Object.keys(INTEGER_BOUNDS),
  'BOOL',
  'BYTES',
]

export interface WireTensor {
  readonly name: string
  /** Of the protocol; `JSON` when each value tells by itself, `CSV` for texts that the column reads. */
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data: readonly unknown[]
}

/** A request whose form is right; names and values are not looked at yet. */
export interface InferRequest {
  readonly id: string | undefined
  readonly ids: readonly string[] | undefined
  /** Whom an A/B run keeps in one arm, when it goes by `parameters.key`. */
  readonly key?: string | undefined
  /** Milliseconds; undefined means now. */
  readonly timeMs: number | undefined
  /** Milliseconds that the caller gives the request from its arrival; undefined leaves it open. */
  readonly timeoutMs?: number | undefined
  readonly inputs: readonly WireTensor[]
  /** Names of the wanted outputs; all when undefined. */
  readonly outputs: readonly string[] | undefined
  /** Outputs that are wanted as bytes after the JSON, where the door can do that. */
  readonly binaryOutputs: ReadonlySet<string> | 'all'
}

/** How a caller's values are read when no datatype of the protocol says it. */
export const UNTYPED: readonly string[] = ['JSON', 'CSV']

export interface OutputTensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data: readonly (number | string | boolean)[]
}

export interface InferResponse {
  readonly model_name: string
  readonly model_version: string
  readonly id: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outputs: readonly OutputTensor[]
}
