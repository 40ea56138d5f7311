import { Command } from 'commander'
import { actingUser } from '../acting-user.ts'
import type { CommandSession } from '../command-session.ts'
import { environmentArgument, environmentOf } from '../environment-argument.ts'
import { environmentChangeText } from '../presentation/environment-change-text.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira rollback ENVIRONMENT`: back to the version before, at once. */
export function rollbackCommand(session: CommandSession): Command {
  const command = new Command('rollback')
    .description('Go back to the version that stood in an environment before.')
    .addArgument(environmentArgument())
    .requiredOption('--reason <text>', 'why; kept with the change for ever')
  return session.complete(command, (call, [environment], options) => {
    const request = {
      environment: environmentOf(environment),
      by: actingUser(call.terminal),
      reason: String(options.reason),
    }
    return withPlatform(call, async (platform) => {
      const { rollBack } = await import('../../../flows/index.ts')
      const result = await rollBack(platform, request)
      return {
        json: result,
        text: result.change === null ? 'canary withdrawn' : environmentChangeText(result.change),
      }
    })
  })
}
