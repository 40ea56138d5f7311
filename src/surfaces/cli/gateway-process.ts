import path from 'node:path'
import type { StartGateway } from '../../flows/index.ts'
import { startChild } from './child-process.ts'
import type { CommandCall } from './command-session.ts'

const EXTENSION = path.extname(import.meta.filename)
const PROGRAM = path.join(import.meta.dirname, `main${EXTENSION}`)

/** How a replay gets its gateway: `esteira serve` as a process of its own, on a free port. */
export function gatewayProcess(
  call: CommandCall,
  project: string,
  environment: CommandCall['terminal']['environment'],
): StartGateway {
  return async () => {
    const child = await startChild({
      name: 'the gateway',
      args: [
        PROGRAM,
        'serve',
        '--project',
        project,
        '--port',
        '0',
        '--json',
        '--accept-request-time',
        '--end-with-input',
      ],
      folder: call.terminal.folder,
      // On loopback, for this process alone: a token meant for a public gateway would only lock us out.
      environment: { ...environment, ESTEIRA_GATEWAY_TOKEN: undefined },
    })
    const { address }: { address?: unknown } = { ...(child.answer as object) }
    return { address: String(address), close: child.stop }
  }
}
