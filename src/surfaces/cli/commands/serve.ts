import { Command, Option } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { portOption } from '../port-option.ts'
import { serveUntilAsked } from '../serve-until-asked.ts'
import { withPlatform } from '../with-platform.ts'

/** Settled when standard input ends, which it does when the process at its other end is gone. */
function endOfInput(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once('end', resolve).resume()
  })
}

/** `esteira serve`: the gateway alone, with what is deployed now. */
export function serveCommand(session: CommandSession): Command {
  const command = new Command('serve')
    .description('Answer predictions over HTTP (Open Inference Protocol) until Ctrl-C.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes a free one', '8080')
    .option('--accept-request-time', 'take the time of a prediction from the request', false)
    .addOption(new Option('--end-with-input', 'end when standard input ends').hideHelp())
  return session.complete(command, (call, _values, options) => {
    const serve = {
      host: String(options.host),
      port: portOption(options.port),
      acceptRequestTime: options.acceptRequestTime === true,
      ...(options.endWithInput === true ? { until: endOfInput() } : {}),
    }
    return withPlatform(call, async (platform) => {
      await serveUntilAsked(call, platform, serve)
      process.stdin.destroy()
      return undefined
    })
  })
}
