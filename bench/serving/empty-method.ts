import { Server, ServerCredentials } from '@grpc/grpc-js'
import { MODEL_INFER, modelInfer } from './tensor-messages.ts'

// The yardstick over gRPC: the same method with the same messages, and nothing done in between.
const ANSWER = {
  model_name: 'bench',
  model_version: '1',
  id: 'an answer',
  outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [1, 2] }],
  raw_output_contents: [Buffer.from(Float32Array.of(0.25, 0.75).buffer)],
}
const server = new Server()
server.addService(
  { ModelInfer: { ...modelInfer(), path: MODEL_INFER } },
  {
    ModelInfer: (_call: unknown, reply: (error: null, answer: object) => void) =>
      reply(null, ANSWER),
  },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  console.log(JSON.stringify({ port }))
})
process.stdin.once('end', () => process.exit()).resume()
