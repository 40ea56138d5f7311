import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { portOption } from '../port-option.ts'
import { serveUntilAsked } from '../serve-until-asked.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira serve`: the gateway alone, with what is deployed now. */
export function serveCommand(session: CommandSession): Command {
  const command = new Command('serve')
    .description('Answer predictions over HTTP (Open Inference Protocol) until Ctrl-C.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', '8080')
    .option('--accept-request-time', 'take the time of a prediction from the request', false)
  return session.complete(command, (call, _values, options) =>
    withPlatform(call, async (platform) => {
      await serveUntilAsked(call, platform, {
        host: String(options.host),
        port: portOption(options.port),
        acceptRequestTime: options.acceptRequestTime === true,
      })
      return undefined
    }),
  )
}
