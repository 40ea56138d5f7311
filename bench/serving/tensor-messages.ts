import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'

const PROTOCOL = fileURLToPath(
  new URL('../../src/surfaces/gateway/grpc/open-inference.proto', import.meta.url),
)
const SERVICE = 'inference.GRPCInferenceService'

export const MODEL_INFER = `/${SERVICE}/ModelInfer`

interface InferAnswer {
  readonly outputs: readonly {
    readonly contents: { readonly fp32_contents: readonly number[] } | null
  }[]
  readonly raw_output_contents: readonly Buffer[]
}

let loaded: MethodDefinition<object, object> | undefined

/** The one call of the protocol that predicts. */
export function modelInfer(): MethodDefinition<object, object> {
  if (loaded === undefined) {
    const options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true }
    const service = loadSync(PROTOCOL, options)[SERVICE]
    const method = service === undefined ? undefined : Reflect.get(service, 'ModelInfer')
    if (method === undefined) throw new Error(`${PROTOCOL} has no ${MODEL_INFER}`)
    loaded = method as MethodDefinition<object, object>
  }
  return loaded
}

/** A request of one tensor with packed float32. */
export function tensorRequest(
  model: string,
  tensor: { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array },
): Buffer {
  const { name, shape, data } = tensor
  return modelInfer().requestSerialize({
    model_name: model,
    inputs: [{ name, datatype: 'FP32', shape }],
    raw_input_contents: [Buffer.from(data.buffer, data.byteOffset, data.byteLength)],
  })
}

/** The numbers of the first output, packed or not. */
export function readTensorAnswer(message: Buffer): ArrayLike<number> {
  const answer = modelInfer().responseDeserialize(message) as InferAnswer
  const [packed] = answer.raw_output_contents
  if (packed === undefined) return answer.outputs[0]?.contents?.fp32_contents ?? []
  return new Float32Array(Uint8Array.prototype.slice.call(packed).buffer)
}
