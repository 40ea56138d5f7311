import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../../platform/database/index.ts'
import type { MlflowOptions, MlflowPermission } from './mlflow-options.ts'
import { bySchema } from './request-fields.ts'

/** One request under way: what was read from it, who asks, and what there is to work with. */
export interface RouteCall<Input = unknown> extends MlflowOptions {
  readonly input: Input
  readonly request: FastifyRequest
  readonly by: Actor
}

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One line of the route table. */
export interface MlflowRoute {
  readonly method: HttpMethod
  /** Below `/api/2.0/mlflow/`; a part such as `:model_id` becomes a field of the input. */
  readonly path: string
  /** What the caller must be allowed; undefined where anyone who gets in may. */
  readonly permission: MlflowPermission | undefined
  /** What it is for, in the reference. */
  readonly purpose: string
  /** Fields of a query that are lists; there one value and many look alike. */
  readonly lists: readonly string[]
  /** `/api/3.0` instead of `/api/2.0`. */
  readonly version: '2.0' | '3.0'
  /** Only below `/ajax-api`, where MLflow's own pages ask. */
  readonly isForPages: boolean
  /** @default the surface's usual limit */
  readonly maxBodyBytes: number | undefined
  answer(raw: unknown, call: Omit<RouteCall, 'input'>): Promise<object>
}

interface RouteDefinition<Input> {
  readonly route: `${HttpMethod} ${string}`
  readonly purpose: string
  readonly permission?: MlflowPermission
  readonly lists?: readonly string[]
  readonly version?: '3.0'
  readonly isForPages?: boolean
  readonly maxBodyBytes?: number
  readonly answer: (call: RouteCall<Input>) => Promise<object>
}

/** A route whose input a schema reads. */
export function defineRoute<S extends z.ZodType>(
  definition: RouteDefinition<z.output<S>> & { readonly input: S },
): MlflowRoute {
  return defineFastRoute({ ...definition, read: bySchema(definition.input) })
}

/** A route whose input is read by hand. */
export function defineFastRoute<Input>(
  definition: RouteDefinition<Input> & { readonly read: (raw: unknown) => Input },
): MlflowRoute {
  const { read, answer } = definition
  const [method, path] = splitRoute(definition.route)
  return {
    method,
    path,
    permission: definition.permission,
    purpose: definition.purpose,
    lists: definition.lists ?? [],
    version: definition.version ?? '2.0',
    isForPages: definition.isForPages ?? false,
    maxBodyBytes: definition.maxBodyBytes,
    answer: async (raw, call) => answer({ ...call, input: read(raw) }),
  }
}

function splitRoute(route: `${HttpMethod} ${string}`): [HttpMethod, string] {
  const at = route.indexOf(' ')
  const method = (['GET', 'POST', 'PATCH', 'DELETE'] as const).find(
    (one) => one === route.slice(0, at),
  )
  return [method ?? 'GET', route.slice(at + 1)]
}
