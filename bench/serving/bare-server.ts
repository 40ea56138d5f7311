import { createServer } from 'node:http'

// The ceiling of the load generator: node's own server, which reads nothing and answers three bytes.
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-length': 3 }).end('{}\n')
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }))
})
process.stdin.once('end', () => process.exit()).resume()
