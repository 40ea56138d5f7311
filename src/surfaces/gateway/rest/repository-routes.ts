import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fieldsOf, invalid } from '../parse-request.ts'
import type { RouteParts } from '../route-parts.ts'
import { addInferenceBodies, jsonBody } from './http-body.ts'
import { indexRepository, loadModel, unloadModel } from './repository.ts'

/** Where the model repository extension changes what is loaded. */
export const REPOSITORY_CHANGES: readonly string[] = [
  '/v2/repository/models/:name/load',
  '/v2/repository/models/:name/unload',
]

type Address = { readonly Params: { readonly name: string } }

/** The model repository extension of the Open Inference Protocol. */
export function addRepositoryRoutes(app: FastifyInstance, { endpoints, seenBy }: RouteParts): void {
  const [load = '', unload = ''] = REPOSITORY_CHANGES
  app.register(async (scope) => {
    addInferenceBodies(scope)
    scope.post('/v2/repository/index', (request) => {
      const { ready } = fieldsOfBody(request, ['ready'])
      if (ready !== undefined && typeof ready !== 'boolean') {
        throw invalid('ready', 'true or false', ready)
      }
      return seenBy(request).flatMap(({ endpoint }) =>
        indexRepository(endpoint, { readyOnly: ready === true }),
      )
    })
    scope.post<Address>(load, async (request) => {
      const { parameters } = fieldsOfBody(request, ['parameters'])
      const { endpoint } = endpoints.find(request.params.name, () => seenBy(request))
      await loadModel(endpoint, { parameters })
      return {}
    })
    scope.post<Address>(unload, async (request) => {
      const { parameters } = fieldsOfBody(request, ['parameters'])
      const { endpoint } = endpoints.find(request.params.name, () => seenBy(request))
      await unloadModel(endpoint, { parameters })
      return {}
    })
  })
}

function fieldsOfBody(request: FastifyRequest, known: readonly string[]) {
  // A client that shares its headers between calls may still say how long another header was.
  const json = jsonBody(request.body)
  return json === undefined || json === null ? {} : fieldsOf(json, 'the body', known)
}
