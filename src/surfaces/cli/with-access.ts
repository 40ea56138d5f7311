import path from 'node:path'
import type { AuditTrail } from '../../assurance/audit/index.ts'
import type { Access } from '../../assurance/security/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import { actingUser } from './acting-user.ts'
import type { CommandCall } from './command-session.ts'
import { serverSettings } from './server-settings.ts'

export interface AccessWork {
  readonly access: Access
  readonly audit: AuditTrail
  /** Whoever runs the command; who reaches the database needs no login. */
  readonly by: Actor
}

/** Opens the accounts and the audit trail of a server's database for one piece of work. */
export async function withAccess<T>(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
  work: (parts: AccessWork) => Promise<T>,
): Promise<T> {
  const { config } = await serverSettings(call, options)
  const [{ openDatabase }, { createAuditTrail }, { createAccess }, { systemClock }] =
    await Promise.all([
      import('../../platform/database/index.ts'),
      import('../../assurance/audit/index.ts'),
      import('../../assurance/security/index.ts'),
      import('../../core/time/index.ts'),
    ])
  const url = config.databaseUrl ?? path.join(config.dataDir, 'metadata.db')
  const database = await openDatabase({ url, connections: 2 })
  try {
    const audit = createAuditTrail(database, { clock: systemClock })
    const access = createAccess(database, { clock: systemClock, listener: audit.listener })
    return await work({ access, audit, by: { name: actingUser(call.terminal), from: 'cli' } })
  } finally {
    await database.close()
  }
}
