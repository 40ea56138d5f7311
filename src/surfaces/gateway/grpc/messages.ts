/** The messages of `open-inference.proto` as they are decoded: 64-bit integers as numbers. */

export interface Parameter {
  /** Which of the fields is set; undefined when none is. */
  readonly parameter_choice?: string
  readonly bool_param?: boolean
  readonly int64_param?: number
  readonly string_param?: string
  readonly double_param?: number
  readonly uint64_param?: number
  readonly bytes_param?: Buffer
}

export type Parameters = Readonly<Record<string, Parameter>>

export interface TensorContents {
  readonly bool_contents?: readonly boolean[]
  readonly int_contents?: readonly number[]
  readonly int64_contents?: readonly number[]
  readonly uint_contents?: readonly number[]
  readonly uint64_contents?: readonly number[]
  readonly fp32_contents?: readonly number[]
  readonly fp64_contents?: readonly number[]
  readonly bytes_contents?: readonly Buffer[]
}

export interface InputTensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly parameters: Parameters
  readonly contents: TensorContents | null
}

export interface ModelInferRequest {
  readonly model_name: string
  readonly model_version: string
  readonly id: string
  readonly parameters: Parameters
  readonly inputs: readonly InputTensor[]
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[]
  readonly raw_input_contents: readonly Buffer[]
}

export interface ModelAddress {
  readonly name: string
  readonly version: string
}

export interface RepositoryChange {
  readonly repository_name: string
  readonly model_name: string
  readonly parameters: Parameters
}

/** By datatype, the field of a tensor that holds its values; FP16 travels in raw form alone. */
export const CONTENTS_FIELDS: Readonly<Record<string, keyof TensorContents>> = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
}
