import path from 'node:path'
import type { Access, Role } from '../../../assurance/security/index.ts'
import type { Platform } from '../../../flows/index.ts'
import type { Actor } from '../../../platform/database/index.ts'
import type { FindDependents } from '../../../stages/registry/catalog/index.ts'
import type { GatewayOptions, GatewayService } from '../../gateway/index.ts'
import type { ServerPlugin } from '../../server/index.ts'
import { packageVersion } from '../package-facts.ts'
import { lifecycleWork } from './lifecycle-work.ts'
import { createServerJobs } from './server-jobs.ts'
import { sharedSecret } from './shared-secret.ts'

/** The API of MLflow and the platform's own, on one tracking store and one catalog of models. */
export const apiPlugins: ServerPlugin = async (app, context) => {
  const [tracking, catalogs, governances, artifactFiles, mlflow, api] = await Promise.all([
    import('../../../platform/tracking/index.ts'),
    import('../../../stages/registry/catalog/index.ts'),
    import('../../../stages/registry/governance/index.ts'),
    import('../../../platform/artifact-files/index.ts'),
    import('../../mlflow/index.ts'),
    import('../../api/index.ts'),
  ])
  const { access, database, clock, listener, config, dataFolder } = context
  const store = await tracking.createTrackingStore(database, {
    clock,
    listener,
    defaultArtifactRoot: config.defaultArtifactRoot,
  })
  // Loaded when first asked: flows bring engines along that a start has no need of.
  const findDependents: FindDependents = async (transaction, use) =>
    (await import('../../../flows/index.ts')).findDependents(transaction, use)
  const catalog = catalogs.createModelCatalog(database, { clock, listener, findDependents })
  const governance = governances.createGovernance(database, {
    clock,
    listener,
    findDependents,
    roleOf: (by, project) => roleOf(access, by, project),
  })
  const destination = config.artifactsDestination ?? path.join(dataFolder, 'mlartifacts')
  const files = await artifactFiles.openArtifactFiles(destination, {
    s3Endpoint: config.s3.endpoint,
    s3Region: config.s3.region,
  })
  const secret = await sharedSecret(database)
  const server = mlflow.mlflowServer({ tracking: store, catalog, files, secret })
  await app.register(async (scope) => server(scope, context))
  const lifecycle = lifecycleWork({ context, tracking: store, catalog, governance, files })
  const jobs = createServerJobs({ context, files, lifecycle })
  app.addHook('onListen', async () => jobs.start())
  app.addHook('preClose', () => jobs.stop())
  await app.register(api.apiPlugin, {
    ...context,
    tracking: store,
    catalog,
    governance,
    lifecycle,
    version: packageVersion(),
    startedAtMs: clock.now(),
  })
}

const RANKS: readonly Role[] = ['viewer', 'contributor', 'approver', 'admin']

/** The highest role in a project; whoever works at a machine without logins is its administrator. */
async function roleOf(access: Access, by: Actor, project: string): Promise<Role | null> {
  if (by.name === 'local') return 'admin'
  const held = await access.roles(by.name)
  const ranks = held
    .filter((grant) => grant.project === project || grant.project === '*')
    .map(({ role }) => RANKS.indexOf(role))
  return RANKS[Math.max(-1, ...ranks)] ?? null
}

/** A project's endpoint, and how it stands on the server. */
export async function endpointOf(
  platform: Platform,
  options: Pick<GatewayOptions, 'acceptRequestTime' | 'logger' | 'payloadLog'>,
): Promise<{ readonly service: GatewayService; readonly plugin: ServerPlugin }> {
  const { createGatewayService, gatewayPlugin } = await import('../../gateway/index.ts')
  const { store, artifacts, online, log, project, clock } = platform
  const all = { ...options, store, artifacts, online, log, project, clock }
  // A replay asks for one row after the other: each would only wait for a thread's messages.
  const hasSpareCore = options.acceptRequestTime === true ? false : undefined
  const service = createGatewayService({ ...options, hasSpareCore, endpoints: [all] })
  return { service, plugin: gatewayPlugin(service) }
}
