import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { addDataOptions, serverSettings } from '../server-settings.ts'

/** `esteira gateway`: predictions only, of one or several projects, in one or several processes. */
export function gatewayCommand(session: CommandSession): Command {
  const command = addDataOptions(
    new Command('gateway').description(
      "Answer predictions of projects' endpoints, and nothing else, until Ctrl-C.",
    ),
  )
    .argument('[projects...]', 'folders of projects, or their files (default: the current folder)')
    .option('--workers <number>', 'processes that answer; auto is one for each core (default: 1)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: 8080)')
    .option('--grpc-port <number>', 'port for predictions over gRPC; 0 takes a free one')
    .option('--memory-budget <MiB>', 'memory for the models of each process (default: no limit)')
    .option('--require-login', 'ask for a login on this machine too')
  return session.complete(command, async (call, _values, options) => {
    const [{ orderProjects }, { runGateway }] = await Promise.all([
      import('../gateway/gateway-order.ts'),
      import('../gateway/run-gateway.ts'),
    ])
    const [first = call.project, ...others] = command.args
    const settings = await serverSettings({ ...call, project: first }, options)
    await runGateway(call, await orderProjects([first, ...others], settings))
    return undefined
  })
}
