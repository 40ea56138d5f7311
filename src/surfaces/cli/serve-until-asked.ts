import type { Platform } from '../../flows/index.ts'
import type { CommandCall, CommandOutcome } from './command-session.ts'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly acceptRequestTime: boolean
  /** Also ends when this is settled. */
  readonly until?: Promise<void>
  /** What was done before; shown together with the address. */
  readonly after?: CommandOutcome
}

/** Opens the gateway, says where, and answers until Ctrl-C; requests under way are finished. */
export async function serveUntilAsked(
  call: CommandCall,
  platform: Platform,
  options: ServeOptions,
): Promise<void> {
  const { createGateway } = await import('../gateway/index.ts')
  const { store, artifacts, online, log, project, clock } = platform
  const gateway = createGateway({
    store,
    artifacts,
    online,
    log,
    project,
    clock,
    acceptRequestTime: options.acceptRequestTime,
    token: call.terminal.environment.ESTEIRA_GATEWAY_TOKEN,
    logger: (message, cause) => call.terminal.printError(`${message}: ${String(cause)}\n`),
  })
  try {
    const address = await gateway.listen({ host: options.host, port: options.port })
    const text = `The gateway answers at ${address}; Ctrl-C ends it.`
    const { after } = options
    call.announce({
      json: { ...(after?.json as object | undefined), address },
      text: after === undefined ? text : `${after.text}\n\n${text}`,
    })
    await Promise.race([call.interruption.asked, ...(options.until ? [options.until] : [])])
  } finally {
    await gateway.close()
  }
}
