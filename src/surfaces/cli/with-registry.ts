import path from 'node:path'
import type { Actor, ChangeListener, Database } from '../../platform/database/index.ts'
import type { ModelCatalog } from '../../stages/registry/catalog/index.ts'
import type { Governance } from '../../stages/registry/governance/index.ts'
import type { LoadedConfig } from '../server/index.ts'
import { actingUser } from './acting-user.ts'
import type { CommandCall } from './command-session.ts'
import { serverSettings } from './server-settings.ts'

export interface RegistryWork {
  readonly database: Database
  readonly catalog: ModelCatalog
  readonly governance: Governance
  readonly listener: ChangeListener
  readonly config: LoadedConfig['config']
  /** Whoever runs the command; who reaches the database needs no login. */
  readonly by: Actor
}

/** Opens the registry of a project's or server's database for one piece of work. */
export async function withRegistry<T>(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
  work: (parts: RegistryWork) => Promise<T>,
): Promise<T> {
  const { config } = await serverSettings(call, options)
  const [{ openDatabase }, { createAuditTrail }, catalogs, governances, flows, { systemClock }] =
    await Promise.all([
      import('../../platform/database/index.ts'),
      import('../../assurance/audit/index.ts'),
      import('../../stages/registry/catalog/index.ts'),
      import('../../stages/registry/governance/index.ts'),
      import('../../flows/index.ts'),
      import('../../core/time/index.ts'),
    ])
  const url = config.databaseUrl ?? path.join(config.dataDir, 'metadata.db')
  const database = await openDatabase({ url, connections: 2 })
  try {
    const { listener } = createAuditTrail(database, { clock: systemClock })
    const { findDependents } = flows
    const wiring = { clock: systemClock, listener, findDependents }
    return await work({
      database,
      catalog: catalogs.createModelCatalog(database, wiring),
      governance: governances.createGovernance(database, wiring),
      listener,
      config,
      by: { name: actingUser(call.terminal), from: 'cli' },
    })
  } finally {
    await database.close()
  }
}
