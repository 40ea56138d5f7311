import type { Platform } from '../../flows/index.ts'
import { actingUser } from './acting-user.ts'
import type { CommandCall } from './command-session.ts'
import { databaseUrl } from './database-url.ts'

/** Opens the project's platform for one piece of work, with progress and Ctrl-C wired to it. */
export async function withPlatform<T>(
  call: CommandCall,
  work: (platform: Platform) => Promise<T>,
  environment: CommandCall['terminal']['environment'] = call.terminal.environment,
): Promise<T> {
  // Loaded here and not above, so that help, schema and check need no database engine.
  const { openPlatform } = await import('../../flows/index.ts')
  const platform = await openPlatform({
    projectFolder: call.project,
    databaseUrl: databaseUrl(environment),
    onProgress: call.display.listen,
    signal: call.interruption.signal,
    environment,
    actor: { name: actingUser(call.terminal), from: 'cli' },
  })
  try {
    return await work(platform)
  } finally {
    await platform.close()
  }
}
