import type { Addresses } from '../../gateway-processes/index.ts'
import type { CommandCall } from '../command-session.ts'
import { type GatewayOrder, processCount } from './gateway-order.ts'
import { closePlatforms, openPlatforms } from './open-platforms.ts'

/** Answers predictions until Ctrl-C or SIGTERM, in one process or in several. */
export async function runGateway(call: CommandCall, order: GatewayOrder): Promise<void> {
  const size = processCount(order.config)
  // Opened before the workers are: of several on a new database, one would have to make the tables.
  const platforms = await openPlatforms(order, {
    environment: call.terminal.environment,
    signal: call.interruption.signal,
    onProgress: call.display.listen,
  })
  const announce = (addresses: Addresses) => announceGateway(call, { order, addresses, size })
  try {
    const run = { call, order, announce, size }
    if (size === 1) {
      const { serveAlone } = await import('./serve-alone.ts')
      await serveAlone(run, platforms)
    } else {
      const { serveTogether } = await import('./serve-together.ts')
      await serveTogether(run, platforms)
    }
  } finally {
    await closePlatforms(platforms)
  }
}

function announceGateway(
  call: CommandCall,
  gateway: { readonly order: GatewayOrder; readonly addresses: Addresses; readonly size: number },
): void {
  const { order, addresses, size } = gateway
  const endpoints = order.projects.map(
    ({ loaded: { project } }) => project.deployment.endpoint ?? project.name,
  )
  const also = addresses.grpc === undefined ? '' : `, over gRPC at ${addresses.grpc}`
  const by = size === 1 ? '' : `, by ${size} processes`
  call.announce({
    json: {
      address: addresses.http,
      ...(addresses.grpc === undefined ? {} : { grpcAddress: addresses.grpc }),
      endpoints,
      workers: size,
    },
    text: `The gateway answers at ${addresses.http}${also}${by}: ${endpoints.join(', ')}. Ctrl-C ends it.`,
  })
}
