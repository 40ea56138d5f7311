import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { addDataOptions } from '../server-settings.ts'
import { versionOf } from '../version-argument.ts'
import { withRegistry } from '../with-registry.ts'

/** `esteira retire MODEL VERSION`: takes a version that nothing depends on out of use for good. */
export function retireCommand(session: CommandSession): Command {
  const command = addDataOptions(new Command('retire'))
    .description('Take a version out of use for good; refused while anything depends on it.')
    .argument('<model>', 'name of the registered model')
    .argument('<version>', 'number of the version')
    .requiredOption('--reason <text>', 'why; kept with the change for ever')
  return session.complete(command, (call, [model, version], options) => {
    const wish = {
      model: String(model),
      version: versionOf(version),
      reason: String(options.reason),
    }
    return withRegistry(call, options, async ({ governance, by }) => {
      const retired = await governance.retire(by, wish)
      return { json: retired, text: `version ${retired.version} of ${retired.model} is retired` }
    })
  })
}
