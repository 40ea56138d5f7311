/**
 * The services by themselves, for `esteira run` and the other commands in this folder:
 * `node services/serve.ts` prints the environment as one JSON line and serves until SIGINT, SIGTERM
 * or the end of its standard input.
 */
import { dirname } from 'node:path'
import { startServices } from './start.ts'

const services = await startServices({ folder: dirname(import.meta.dirname) })
console.log(JSON.stringify(services.environment))

const ended = new Promise<void>((resolve) => {
  process.once('SIGINT', resolve)
  process.once('SIGTERM', resolve)
  process.stdin.once('end', resolve).resume()
})
await ended
process.stdin.destroy()
await services.stop()
