import type { Platform } from '../../../flows/index.ts'
import type { CommandCall, CommandOutcome } from '../command-session.ts'
import { databaseUrl } from '../database-url.ts'
import { serverSettings } from '../server-settings.ts'
import { serveUntilAsked } from './serve-until-asked.ts'

/** Serves a project that is open already, on this machine, after what was done with it. */
export async function servePlatform(
  call: CommandCall,
  platform: Platform,
  options: { readonly host: string; readonly port: number; readonly after: CommandOutcome },
): Promise<void> {
  const { host, port, after } = options
  const { config } = await serverSettings(call, { host, port, dataDir: platform.folder })
  // As `withPlatform` opened it: by the environment alone, whatever a settings file says.
  const places = { databaseUrl: databaseUrl(platform.environment) }
  const { database } = platform
  await serveUntilAsked(call, { config, database, platform, places, after })
}
