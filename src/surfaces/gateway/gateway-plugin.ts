import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requirePermission } from '../server/index.ts'
import { bodyLimitOf, type EndpointService } from './endpoint-service.ts'
import type { GatewayOptions } from './gateway-options.ts'
import { REPOSITORY_CHANGES } from './rest/repository-routes.ts'
import { addRolloutRoutes, ROLLOUT_CHANGES } from './rollout-routes.ts'

const MANAGING: readonly string[] = [
  '/v1/endpoints/:name/reload',
  ...REPOSITORY_CHANGES,
  ...ROLLOUT_CHANGES,
]
/** Load balancers ask without an account. */
const PUBLIC = ['/v2/health/live', '/v2/health/ready', '/ping']

/**
 * The gateway's routes on a server that has found out who asks: each needs `endpoints:predict`, or
 * `endpoints:manage` to change what is served, in the endpoint's project.
 */
export function gatewayPlugin(
  service: EndpointService,
  options: GatewayOptions,
): (app: FastifyInstance) => Promise<void> {
  const project = options.project.name
  const guard = async (request: FastifyRequest) => {
    const { url, config } = request.routeOptions
    if (config.isPublic === true) return
    const permission = MANAGING.includes(url ?? '') ? 'endpoints:manage' : 'endpoints:predict'
    await requirePermission(request, permission, {
      project,
      endpoint: service.name,
      subject: `endpoint/${service.name}`,
    })
  }
  return async (app) => {
    app.addHook('onRoute', (route) => {
      route.bodyLimit ??= bodyLimitOf(options)
      if (PUBLIC.includes(route.url)) route.config = { ...route.config, isPublic: true }
    })
    app.addHook('onRequest', guard)
    service.addRoutes(app)
    addRolloutRoutes(app, { ...options, endpoint: service.endpoint })
  }
}
