import { z } from 'zod'
import { type Operation, type Operations, pathParameters, successStatus } from './operation.ts'

type Json = Record<string, unknown>

export const API_PREFIX = '/api/v1'

const ERROR_SCHEMA = z.object({
  error: z.object({
    code: z.string().describe('Stable, such as `EXPERIMENT_NOT_FOUND`'),
    message: z.string(),
    hint: z.string().describe('What to do about it'),
    retryable: z.boolean(),
    blame: z.enum(['user-code', 'caller', 'system']),
    details: z.record(z.string(), z.unknown()),
  }),
})

/** The OpenAPI 3.1 document of a table of operations. */
export function openApiDocument(operations: Operations, version: string): Json {
  const paths: Record<string, Json> = {}
  for (const [name, operation] of Object.entries(operations)) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describeOperation(name, operation),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Esteira',
      version,
      description: 'Tracking, registry, records, access and audit of an Esteira server.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_PREFIX }],
    security: [{ bearer: [] }, { basic: [] }, { session: [] }, {}],
    tags: [...new Set(Object.keys(operations).map(tagOf))].map((tag) => ({ name: tag })),
    paths,
    components: {
      schemas: { Error: jsonSchema(ERROR_SCHEMA, 'output') },
      responses: {
        Error: {
          description: 'What failed, and what to do',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API token' },
        basic: { type: 'http', scheme: 'basic' },
        session: { type: 'apiKey', in: 'cookie', name: 'esteira_session' },
      },
    },
  }
}

function tagOf(name: string): string {
  return name.split('.')[0] ?? name
}

function describeOperation(name: string, operation: Operation): Json {
  return {
    operationId: name,
    tags: [tagOf(name)],
    summary: operation.summary,
    'x-permission': operation.permission,
    parameters: [
      ...parametersOf(operation, 'path'),
      ...parametersOf(operation, 'query'),
      ...headersOf(operation),
    ],
    ...(operation.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(operation.body, 'input') } },
          },
        }),
    responses: responsesOf(operation),
  }
}

function parametersOf(operation: Operation, place: 'path' | 'query'): Json[] {
  const schema = place === 'path' ? operation.params : operation.query
  if (schema === undefined) return []
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, Json>
    required?: readonly string[]
  }
  const inPath = pathParameters(operation.path)
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' ? inPath.includes(name) : required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

function headersOf(operation: Operation): Json[] {
  const headers: Json[] = []
  if (operation.idempotent === true) {
    headers.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key with the same body is the same creation, however often it is sent',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    })
  }
  if (operation.tagged === true && ['PATCH', 'PUT', 'DELETE'].includes(operation.method)) {
    headers.push({
      name: 'If-Match',
      in: 'header',
      required: false,
      description: 'The ETag that was read; refused with 412 when it changed meanwhile',
      schema: { type: 'string' },
    })
  }
  return headers
}

function responsesOf(operation: Operation): Json {
  const status = successStatus(operation)
  const success =
    operation.response === undefined
      ? { description: 'Done' }
      : {
          description: operation.summary,
          ...(operation.tagged === true
            ? { headers: { ETag: { schema: { type: 'string' } } } }
            : {}),
          content: { 'application/json': { schema: jsonSchema(operation.response, 'output') } },
        }
  return { [status]: success, default: { $ref: '#/components/responses/Error' } }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
