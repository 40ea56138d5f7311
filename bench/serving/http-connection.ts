import { once } from 'node:events'
import { connect } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
}

export interface HttpConnection {
  /** Asks; the one before must have been answered. */
  send(request: Buffer): void
  close(): void
}

export interface HttpListener {
  onAnswer(answer: HttpAnswer): void
  /** The connection is gone; a request under way will not be answered. */
  onLost(reason: string): void
}

const HEAD_END = '\r\n\r\n'

/** A kept-alive connection over a bare socket, which reads no more of an answer than it must. */
export async function openHttpConnection(
  port: number,
  listener: HttpListener,
): Promise<HttpConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let pending: Buffer = Buffer.alloc(0)
  let closing = false
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const answer = readAnswer(pending)
    if (answer === undefined) return
    if (typeof answer === 'string') {
      listener.onLost(answer)
      socket.destroy()
      return
    }
    pending = Buffer.alloc(0)
    listener.onAnswer(answer)
  })
  const lost = (reason: string) => {
    if (!closing) listener.onLost(reason)
    closing = true
  }
  socket.on('error', (error) => lost(error.message))
  socket.on('close', () => lost('the server closed the connection'))
  return {
    send: (request) => void socket.write(request),
    close() {
      closing = true
      socket.destroy()
    },
  }
}

/** The bytes of a POST. */
export function httpRequest(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Buffer {
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': body.length })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`, 'latin1'), body])
}

/** A whole answer; undefined while some of it is missing; a text when it cannot be read. */
function readAnswer(bytes: Buffer): HttpAnswer | string | undefined {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) return `an answer without content-length: ${head.slice(0, 200)}`
  const from = end + HEAD_END.length
  const to = from + Number(length)
  if (bytes.length < to) return undefined
  return { status: Number(head.slice(9, 12)), head, body: bytes.subarray(from, to) }
}
