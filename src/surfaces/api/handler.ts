import type { FastifyRequest } from 'fastify'
import type {
  Operation,
  OperationInput,
  OperationName,
  OperationResult,
  OperationTable,
} from '../api-contract/index.ts'
import type { ApiContext } from './api-context.ts'

/** One validated call: what came in, who asks, and what to work with. */
export interface Call<O extends Operation = Operation> extends OperationInput<O> {
  readonly request: FastifyRequest
  readonly context: ApiContext
  readonly operation: Operation
}

interface HandlerMethod<O extends Operation> {
  handle(call: Call<O>): Promise<OperationResult<O>>
}

/** Compared as a method, so that one table can hold the handlers of all operations. */
export type Handler<O extends Operation> = HandlerMethod<O>['handle']

/** A call whose parts were read by the operation's own schemas. */
export interface AnyCall {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly request: FastifyRequest
  readonly context: ApiContext
  readonly operation: Operation
}
export type AnyHandler = { handle(call: AnyCall): Promise<unknown> }['handle']

/** A handler for every operation; one that is missing does not compile. */
export type Handlers = { readonly [Name in OperationName]: Handler<OperationTable[Name]> }

/** The handlers of the operations whose names begin with one of the prefixes. */
export type HandlersOf<Prefix extends string> = {
  readonly [Name in OperationName as Name extends `${Prefix}.${string}` ? Name : never]: Handler<
    OperationTable[Name]
  >
}
