import { Command } from 'commander'
import { actingUser } from '../acting-user.ts'
import type { CommandSession } from '../command-session.ts'
import { environmentArgument, environmentOf } from '../environment-argument.ts'
import { environmentChangeText } from '../presentation/environment-change-text.ts'
import { versionOf } from '../version-argument.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira promote VERSION ENVIRONMENT`: moves a version one environment further. */
export function promoteCommand(session: CommandSession): Command {
  const command = new Command('promote')
    .description('Put a version into an environment.')
    .argument('<version>', 'number of the version; `esteira show version` lists them')
    .addArgument(environmentArgument())
    .requiredOption('--reason <text>', 'why; kept with the change for ever')
  return session.complete(command, (call, [version, environment], options) => {
    const request = {
      version: versionOf(version),
      environment: environmentOf(environment),
      by: actingUser(call.terminal),
      reason: String(options.reason),
    }
    return withPlatform(call, async (platform) => {
      const { promote } = await import('../../../flows/index.ts')
      const outcome = await promote(platform, request)
      return { json: outcome, text: environmentChangeText(outcome.change) }
    })
  })
}
