import cluster from 'node:cluster'
import { createTerminal } from '../terminal.ts'
import { plantPackedEndpoint } from './plant-packed-endpoint.ts'

// What a container runs: `start <folder of the packed endpoint> [options of the gateway…]`. Workers
// of one gateway may begin here too; their primary has planted.
const [, , endpoint = '.', ...options] = process.argv
const code = cluster.isPrimary
  ? await plantPackedEndpoint(createTerminal(process), endpoint)
  : undefined
if (code === undefined) {
  process.argv.splice(2, process.argv.length, 'gateway', endpoint, ...options)
  await import('../main.ts')
} else process.exitCode = code
