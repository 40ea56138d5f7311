// A program of its own: one of the processes that answer for `esteira gateway --workers N`. Its parent
// tells it what to serve, and says when to end.
import cluster from 'node:cluster'
import { runWorker } from '../../gateway-processes/index.ts'
import { createTerminal, type Terminal } from '../terminal.ts'
import type { GatewayNews, GatewayOrder } from './gateway-order.ts'
import { openGateway } from './open-gateway.ts'
import { closePlatforms, openPlatforms } from './open-platforms.ts'

const name = `worker ${cluster.worker?.id ?? '?'}`
const plain = createTerminal(process)
const terminal: Terminal = {
  ...plain,
  printError: (text) => plain.printError(`${name}: ${text}`),
}

try {
  await runWorker<GatewayOrder, GatewayNews>(async (order, askGroup) => {
    const platforms = await openPlatforms(order, { environment: process.env })
    try {
      const group = { figures: askGroup }
      const gateway = await openGateway({ order, platforms, terminal, group })
      return {
        ...gateway,
        async close() {
          await gateway.close()
          await closePlatforms(platforms)
        },
      }
    } catch (error) {
      await closePlatforms(platforms)
      throw error
    }
  })
} catch (error) {
  terminal.printError(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  process.exit(1)
}
