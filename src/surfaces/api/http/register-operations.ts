import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import {
  API_PREFIX,
  OPERATIONS,
  type Operation,
  type OperationName,
  type OperationTable,
  successStatus,
} from '../../api-contract/index.ts'
import type { ApiContext } from '../api-context.ts'
import { apiErrors } from '../errors.ts'
import type { AnyCall, AnyHandler, Handlers } from '../handler.ts'
import { entityTag } from './entity-tag.ts'
import { findNul } from './find-nul.ts'
import { answerOnce, type StoredAnswer } from './idempotency.ts'
import { selectFields } from './select-fields.ts'

/** Adds a route for every operation. */
export function registerOperations(
  app: FastifyInstance,
  context: ApiContext,
  handlers: Handlers,
): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    const operation: Operation = OPERATIONS[name]
    const handler: AnyHandler = handlers[name]
    app.route({
      method: operation.method,
      url: `${API_PREFIX}${operation.path.replace(/\{(\w+)\}/g, ':$1')}`,
      handler: (request, reply) => serve({ name, operation, handler, context, request, reply }),
    })
  }
}

interface Serving {
  readonly name: keyof OperationTable
  readonly operation: Operation
  readonly handler: AnyHandler
  readonly context: ApiContext
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function serve(serving: Serving): Promise<FastifyReply> {
  const { name, operation, request, reply, context } = serving
  const input = readInput(name, operation, request)
  const call: AnyCall = { ...input, request, context, operation }
  const { status, body } = await answer(serving, call)
  if (body === undefined || status === 204) return reply.code(204).send()
  if (operation.tagged === true) {
    const tag = entityTag(body)
    reply.header('etag', tag)
    if (operation.method === 'GET' && request.headers['if-none-match'] === tag) {
      return reply.code(304).send()
    }
  }
  const { fields } = (input.query ?? {}) as { fields?: string }
  return reply.code(status).send(selectFields(body, fields))
}

function answer({ name, operation, handler, context, request }: Serving, call: AnyCall) {
  const work = async (): Promise<StoredAnswer> => ({
    status: successStatus(operation),
    body: await handler(call),
  })
  const key = request.headers['idempotency-key']
  if (operation.idempotent !== true || typeof key !== 'string') return work()
  if (key === '' || key.length > 255) {
    throw apiErrors.OPERATION_INPUT_INVALID({
      operation: name,
      faults: [{ at: 'header Idempotency-Key', message: 'expected 1 to 255 characters' }],
    })
  }
  const idempotent = {
    caller: `${request.principal.kind}:${request.principal.name}`,
    key,
    operation: name,
    body: { params: call.params, body: call.body },
  }
  return answerOnce(context, idempotent, work)
}

function readInput(name: string, operation: Operation, request: FastifyRequest) {
  const faults: { at: string; message: string }[] = []
  const read = (place: string, schema: z.ZodType | undefined, value: unknown): unknown => {
    if (schema === undefined) return undefined
    const at = findNul(value, place)?.slice(0, 200)
    if (at !== undefined) faults.push({ at, message: 'no text holds the character NUL' })
    const result = schema.safeParse(value)
    if (result.success) return result.data
    for (const { path, message } of result.error.issues) {
      faults.push({ at: [place, ...path].map(String).join('.').slice(0, 200), message })
    }
    return undefined
  }
  const input = {
    params: read('path', operation.params, request.params),
    query: read('query', operation.query, request.query),
    body: read('body', operation.body, request.body),
  }
  if (faults.length > 0) {
    throw apiErrors.OPERATION_INPUT_INVALID({ operation: name, faults: faults.slice(0, 20) })
  }
  return input
}
