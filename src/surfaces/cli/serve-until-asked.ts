import type { Platform } from '../../flows/index.ts'
import type { Gateway } from '../gateway/index.ts'
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

const WATCH_EVERY_MS = 30_000

async function startWatch(call: CommandCall, platform: Platform, gateway: Gateway) {
  const { keepWatch } = await import('../../flows/index.ts')
  return keepWatch(platform, {
    everyMs: WATCH_EVERY_MS,
    onFailure: (error) => call.terminal.printError(`watching failed: ${String(error)}\n`),
    gateway: {
      errorsByVersion: () =>
        Object.fromEntries(
          Object.entries(gateway.statistics().versions).map(([version, counts]) => [
            version,
            counts.errors,
          ]),
        ),
      resources: () => gateway.statistics().process,
      async reload() {
        await gateway.reload()
      },
    },
  })
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
    // A replay brings its own time and judges by it, and a project with a declared horizon lives in
    // the past: windows up to today would be empty years. Only a gateway of the present watches.
    const ofThePresent = !options.acceptRequestTime && platform.project.asOf === undefined
    const watch = ofThePresent ? await startWatch(call, platform, gateway) : undefined
    const text = `The gateway answers at ${address}; Ctrl-C ends it.`
    const { after } = options
    call.announce({
      json: { ...(after?.json as object | undefined), address },
      text: after === undefined ? text : `${after.text}\n\n${text}`,
    })
    await Promise.race([call.interruption.asked, ...(options.until ? [options.until] : [])])
    await watch?.stop()
  } finally {
    await gateway.close()
  }
}
