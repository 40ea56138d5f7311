import type { Platform } from '../../../flows/index.ts'
import type { EndpointService, GatewayOptions } from '../../gateway/index.ts'
import type { ServerPlugin } from '../../server/index.ts'
import { packageVersion } from '../package-facts.ts'

/** The API of MLflow and the platform's own, on one tracking store and one catalog of models. */
export const apiPlugins: ServerPlugin = async (app, context) => {
  const [tracking, catalogs, mlflow, api] = await Promise.all([
    import('../../../platform/tracking/index.ts'),
    import('../../../stages/registry/catalog/index.ts'),
    import('../../mlflow/index.ts'),
    import('../../api/index.ts'),
  ])
  const { database, clock, listener, config, logger } = context
  const store = await tracking.createTrackingStore(database, {
    clock,
    listener,
    defaultArtifactRoot: config.defaultArtifactRoot,
  })
  const catalog = catalogs.createModelCatalog(database, { clock, listener })
  await app.register(
    mlflow.mlflowPlugin({ tracking: store, catalog, access: mlflow.serverAccess, logger }),
  )
  await app.register(api.apiPlugin, {
    ...context,
    tracking: store,
    catalog,
    version: packageVersion(),
    startedAtMs: clock.now(),
  })
}

/** A project's endpoint, and how it stands on the server. */
export async function endpointOf(
  platform: Platform,
  options: Pick<GatewayOptions, 'acceptRequestTime' | 'logger'>,
): Promise<{ readonly service: EndpointService; readonly plugin: ServerPlugin }> {
  const { createEndpointService, gatewayPlugin } = await import('../../gateway/index.ts')
  const { store, artifacts, online, log, project, clock } = platform
  const all = { ...options, store, artifacts, online, log, project, clock }
  const service = createEndpointService(all)
  return { service, plugin: gatewayPlugin(service, all) }
}
