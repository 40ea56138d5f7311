import fastify from 'fastify'

// The yardstick over HTTP: reads the same JSON body and answers a small object.
// Prints its port; ends with its standard input.
const server = fastify()
server.post('/', async () => ({ ok: true }))
const url = await server.listen({ host: '127.0.0.1', port: 0 })
console.log(JSON.stringify({ port: Number(new URL(url).port) }))
process.stdin.once('end', () => process.exit()).resume()
