import type { z } from 'zod'
import type { Permission } from '../../core/access/index.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * One operation of the API: what enters, what leaves, who may. The server, the OpenAPI document and
 * the typed client are all made from it.
 */
export interface Operation {
  readonly method: Method
  /** Below `/api/v1`, with parameters in braces: `/experiments/{experimentId}`. */
  readonly path: string
  readonly summary: string
  /** What the caller must be allowed in the project concerned; `anyone` needs only to be known. */
  readonly permission: Permission | 'anyone'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Absent: answered with 204 and no body. */
  readonly response?: z.ZodType
  /** @default 200, 201 for a creation (`idempotent`), 204 without a response */
  readonly status?: number
  /** The answer carries an ETag, and `If-Match` is honoured on changes. */
  readonly tagged?: boolean
  /** A creation that takes an `Idempotency-Key`. */
  readonly idempotent?: boolean
}

export type Operations = Readonly<Record<string, Operation>>

type Output<T> = T extends z.ZodType ? z.output<T> : undefined
type Input<T> = T extends z.ZodType ? z.input<T> : undefined

/** What a handler is given, after validation and defaults. */
export interface OperationInput<O extends Operation> {
  readonly params: Output<O['params']>
  readonly query: Output<O['query']>
  readonly body: Output<O['body']>
}

/** What a handler gives back. */
export type OperationResult<O extends Operation> = O['response'] extends z.ZodType
  ? z.input<O['response']>
  : undefined

/** What a caller sends: parameters, query and body in one object each, only where there are any. */
export type OperationRequest<O extends Operation> = PartOf<'params', O['params']> &
  PartOf<'query', O['query']> &
  PartOf<'body', O['body']>

type PartOf<Name extends string, Schema> = Schema extends z.ZodType
  ? Partial<Record<never, never>> extends Input<Schema>
    ? { readonly [K in Name]?: Input<Schema> }
    : { readonly [K in Name]: Input<Schema> }
  : unknown

/** What a caller gets. */
export type OperationAnswer<O extends Operation> = O['response'] extends z.ZodType
  ? z.output<O['response']>
  : undefined

/** Status of a successful answer. */
export function successStatus(operation: Operation): number {
  if (operation.status !== undefined) return operation.status
  if (operation.response === undefined) return 204
  return operation.idempotent === true ? 201 : 200
}

/** Names of the parameters in a path's braces. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}
