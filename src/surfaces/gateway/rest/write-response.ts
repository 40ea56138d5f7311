import type { FastifyReply } from 'fastify'
import type { InferRequest, InferResponse } from '../open-inference.ts'
import { encodeRaw } from '../tensors/raw-tensor.ts'

/** Sends an answer: as JSON, or with the outputs that are wanted as bytes after it. */
export function writeResponse(
  reply: FastifyReply,
  response: InferResponse,
  wanted: InferRequest['binaryOutputs'],
): FastifyReply {
  if (wanted !== 'all' && wanted.size === 0) {
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(response))
  }
  const parts: Buffer[] = []
  const outputs = response.outputs.map((output) => {
    if (wanted !== 'all' && !wanted.has(output.name)) return output
    const bytes = encodeRaw(output)
    parts.push(bytes)
    const { name, datatype, shape } = output
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } }
  })
  const json = Buffer.from(JSON.stringify({ ...response, outputs }))
  return reply
    .type('application/octet-stream')
    .header('inference-header-content-length', json.length)
    .send(Buffer.concat([json, ...parts]))
}
