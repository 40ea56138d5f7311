import fastify from 'fastify'

// The yardstick: a server that reads the same JSON body and answers an empty object.
const server = fastify()
server.post('/', async () => ({}))
console.log(await server.listen({ host: '127.0.0.1', port: 0 }))
