import { createServer } from 'node:net'

/**
 * A port that is free now. Workers that start at different times must be told the same number; 0
 * would give those another one that start when no worker is left.
 */
export async function freePort(host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port: 0, exclusive: true }, resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('the port has no number')
  return address.port
}
