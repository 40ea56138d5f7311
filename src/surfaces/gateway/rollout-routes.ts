import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RolloutRequest } from '../../flows/index.ts'
import type { EndpointService } from './endpoint-service.ts'
import { fieldsOf, invalid } from './parse-request.ts'
import type { RolloutParts } from './rollout-parts.ts'

const BASE = '/v1/endpoints/:name/rollout'

/** Routes that change which version answers; they need `endpoints:manage`. */
export const ROLLOUT_CHANGES: readonly string[] = [
  `${BASE}/start`,
  `${BASE}/promote`,
  `${BASE}/abort`,
]

interface Address {
  readonly Params: { readonly name: string }
}

const EXPLAINED = 100

/**
 * A rollout by HTTP: its status, its decisions, and changes by hand, for servers that know who asks.
 */
export function addRolloutRoutes(
  server: FastifyInstance,
  find: (request: FastifyRequest, name: string) => EndpointService,
): void {
  const partsOf = (request: FastifyRequest<Address>) => find(request, request.params.name).rollout
  server.get<Address>(BASE, async (request) => {
    const parts = partsOf(request)
    const { rolloutStatus } = await import('../../flows/index.ts')
    return rolloutStatus(parts, parts.clock.now())
  })
  server.get<Address>(`${BASE}/decisions`, async (request) => {
    const parts = partsOf(request)
    const { rolloutDecisions } = await import('../../flows/index.ts')
    return { decisions: await rolloutDecisions(parts, EXPLAINED) }
  })
  server.post<Address>(`${BASE}/start`, async (request) => {
    const parts = partsOf(request)
    const { readStrategy, startRolloutNow } = await import('../../flows/index.ts')
    const asked = requestOf(request, ['version', 'strategy'])
    const { version, strategy } = fieldsOf(request.body, 'the body')
    const text = typeof strategy === 'object' ? JSON.stringify(strategy) : strategy
    if (text !== undefined && typeof text !== 'string') {
      throw invalid('strategy', 'a kind, or an object as the project file has it', strategy)
    }
    if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
      throw invalid('version', 'a whole number from 1', version)
    }
    const given = readStrategy(text, parts.project.deployment)
    return followed(parts, startRolloutNow(parts, { ...asked, version, strategy: given }))
  })
  server.post<Address>(`${BASE}/promote`, async (request) => {
    const parts = partsOf(request)
    const { promoteRolloutNow } = await import('../../flows/index.ts')
    return followed(parts, promoteRolloutNow(parts, requestOf(request, [])))
  })
  server.post<Address>(`${BASE}/abort`, async (request) => {
    const parts = partsOf(request)
    const { abortRolloutNow } = await import('../../flows/index.ts')
    return followed(parts, abortRolloutNow(parts, requestOf(request, [])))
  })
}

/** The gateway that was asked follows at once; others within their next look at the state. */
async function followed<T>({ endpoint }: RolloutParts, outcome: Promise<T>): Promise<T> {
  const done = await outcome
  await endpoint.follow()
  return done
}

const LONGEST_REASON = 1_000

function requestOf({ body, principal }: FastifyRequest, others: readonly string[]): RolloutRequest {
  const { reason } = fieldsOf(body, 'the body', ['reason', ...others])
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > LONGEST_REASON) {
    throw invalid('reason', `a text of 1 to ${LONGEST_REASON} characters`, reason)
  }
  return { by: { name: principal.name, from: principal.from }, reason }
}
