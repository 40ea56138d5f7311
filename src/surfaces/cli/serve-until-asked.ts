import type { Platform } from '../../flows/index.ts'
import type { CommandCall } from './command-session.ts'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly acceptRequestTime: boolean
}

/** Opens the gateway, says where, and answers until Ctrl-C; requests under way are finished. */
export async function serveUntilAsked(
  call: CommandCall,
  platform: Platform,
  options: ServeOptions,
): Promise<void> {
  const { serveGateway } = await import('../../flows/index.ts')
  const gateway = await serveGateway(platform, options)
  try {
    call.announce({
      json: { address: gateway.address },
      text: `The gateway answers at ${gateway.address}; Ctrl-C ends it.`,
    })
    await call.interruption.asked
  } finally {
    await gateway.close()
  }
}
