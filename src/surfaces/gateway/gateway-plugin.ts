import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { requirePermission, type ServerPlugin } from '../server/index.ts'
import { auditSuspicions } from './admission/audit-suspicions.ts'
import { askedEndpoint, type MaySee } from './endpoint-directory.ts'
import type { EndpointService } from './endpoint-service.ts'
import { bodyLimitOf, type GatewayService } from './gateway-service.ts'
import { splitTarget } from './kserve/kserve-routes.ts'
import { REPOSITORY_CHANGES } from './rest/repository-routes.ts'
import { addRolloutRoutes, ROLLOUT_CHANGES } from './rollout-routes.ts'

const MANAGING: readonly string[] = [
  '/v1/endpoints/:name/reload',
  ...REPOSITORY_CHANGES,
  ...ROLLOUT_CHANGES,
]
/** Load balancers ask without an account. */
const PUBLIC = ['/v2/health/live', '/v2/health/ready', '/ping']
/** Of protocols without names: the request may name its endpoint in passing. */
const UNNAMED = ['/invocations', '/v1/labels']

/**
 * The gateway's routes on a server that has found out who asks: each needs `endpoints:predict`, or
 * `endpoints:manage` to change what is served, for the endpoint that it names, in its project. A route
 * about no endpoint in particular needs the permission for any, and tells of those alone.
 */
export function gatewayPlugin(service: GatewayService): ServerPlugin {
  const { endpoints, options } = service
  // Made once a route: what a request says of its route is put together anew at each look.
  const guardOf = (url: string): onRequestHookHandler => {
    const permission = MANAGING.includes(url) ? 'endpoints:manage' : 'endpoints:predict'
    return (request, _reply, done) => {
      const name = nameOf(request, url)
      const named = name === undefined ? undefined : endpoints.get(name)
      const subject = named ?? endpoints.all.find((one) => may(request, one, permission))
      // Who may none of them is refused for the first.
      const asked = subject ?? endpoints.first
      if (may(request, asked, permission)) {
        done()
        return
      }
      const { name: endpoint, project } = asked
      const about = { project, endpoint, subject: `endpoint/${endpoint}` }
      requirePermission(request, permission, about).then(() => done(), done)
    }
  }
  const maySee: MaySee = (request, one) => may(request, one, 'endpoints:predict')
  return async (app, context) => {
    for (const { inference, project } of endpoints.all) {
      inference.gate.onSuspicion(auditSuspicions(context, project))
    }
    app.addHook('onRoute', (route) => {
      route.bodyLimit ??= bodyLimitOf(options)
      if (PUBLIC.includes(route.url)) route.config = { ...route.config, isPublic: true }
      if (route.config?.isPublic === true) return
      // Before the route's own hooks: who may not ask takes no place.
      route.onRequest = [guardOf(route.url), ...[route.onRequest ?? []].flat()]
    })
    service.addRoutes(app, maySee)
    addRolloutRoutes(app, (request, name) =>
      endpoints.find(name, () => endpoints.all.filter((one) => maySee(request, one))),
    )
  }
}

function may(
  { principal }: FastifyRequest,
  { name, project }: EndpointService,
  permission: 'endpoints:predict' | 'endpoints:manage',
): boolean {
  return principal.may(permission, project, name)
}

/** The endpoint that a request names, by its address or in passing. */
function nameOf(request: FastifyRequest, url: string): string | undefined {
  const { name, target } = request.params as { readonly name?: string; readonly target?: string }
  if (name !== undefined) return name
  if (target !== undefined) return request.method === 'POST' ? splitTarget(target).name : target
  return UNNAMED.includes(url) ? askedEndpoint(request) : undefined
}
