import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * As much of HTTP/2 (RFC 9113) as unary gRPC calls without errors need, on a bare socket: a client
 * that takes a fraction of what a server takes.
 */
export interface Http2Connection {
  /** Begins a call with a message. @returns the call's number */
  send(message: Buffer): number
  close(): void
}

export interface Http2Listener {
  /** A call was answered with a message: undefined when only a status came. */
  onAnswer(call: number, message: Buffer | undefined): void
  onLost(reason: string): void
}

const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, window: 8 } as const
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4
const HEADER_BYTES = 9
const PREFIX_BYTES = 5
const LARGEST_WINDOW = 2 ** 31 - 1
const DEFAULT_WINDOW = 65_535
const SETTING_INITIAL_WINDOW = 4
/** Entries 2 and 7 of HPACK's static table are GET and https; these are POST and http. */
const METHOD_POST = 0x83
const SCHEME_HTTP = 0x86
/** The newest four entries of the dynamic table, oldest first. */
const REPEATED = [0xc1, 0xc0, 0xbf, 0xbe]

interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export async function openHttp2Connection(
  at: { readonly port: number; readonly path: string },
  listener: Http2Listener,
): Promise<Http2Connection> {
  const socket = connect({ port: at.port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.write(opening())
  const calls = new Map<number, Buffer[]>()
  const handle = frameHandler({ socket, calls, listener })
  let pending: Buffer = Buffer.alloc(0)
  let closing = false
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    pending = eachFrame(pending, handle)
  })
  const lost = (reason: string) => {
    if (!closing) listener.onLost(reason)
    closing = true
  }
  socket.on('error', (error) => lost(error.message))
  socket.on('close', () => lost('the server closed the connection'))
  let stream = -1
  return {
    send(message) {
      const first = stream < 0
      stream += 2
      calls.set(stream, [])
      const headers = first ? firstHeaders(at) : repeatedHeaders()
      const prefix = Buffer.alloc(PREFIX_BYTES)
      prefix.writeUInt32BE(message.length, 1)
      socket.write(
        Buffer.concat([
          frame({ type: FRAME.headers, flags: END_HEADERS, stream, payload: headers }),
          frame({
            type: FRAME.data,
            flags: END_STREAM,
            stream,
            payload: Buffer.concat([prefix, message]),
          }),
        ]),
      )
      return stream
    },
    close() {
      closing = true
      socket.destroy()
    },
  }
}

function opening(): Buffer {
  const settings = Buffer.alloc(6)
  settings.writeUInt16BE(SETTING_INITIAL_WINDOW, 0)
  settings.writeUInt32BE(LARGEST_WINDOW, 2)
  const window = Buffer.alloc(4)
  window.writeUInt32BE(LARGEST_WINDOW - DEFAULT_WINDOW)
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
    frame({ type: FRAME.settings, flags: 0, stream: 0, payload: settings }),
    frame({ type: FRAME.window, flags: 0, stream: 0, payload: window }),
  ])
}

function frame({ type, flags, stream, payload }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  payload.copy(bytes, HEADER_BYTES)
  return bytes
}

/** Literals that the server keeps in its table, so that later calls name them by number. */
function firstHeaders({ port, path }: { readonly port: number; readonly path: string }): Buffer {
  const literals: readonly (readonly [string, string])[] = [
    [':path', path],
    [':authority', `127.0.0.1:${port}`],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ]
  const texts = literals.flatMap(([name, value]) => [
    Buffer.from([0x40]),
    ...[name, value].map((text) => Buffer.from(`${String.fromCharCode(text.length)}${text}`)),
  ])
  return Buffer.concat([Buffer.from([METHOD_POST, SCHEME_HTTP]), ...texts])
}

function repeatedHeaders(): Buffer {
  return Buffer.from([METHOD_POST, SCHEME_HTTP, ...REPEATED])
}

/** Hands on the whole frames. @returns what is left */
function eachFrame(bytes: Buffer, handle: (frame: Frame) => void): Buffer {
  let at = 0
  while (bytes.length - at >= HEADER_BYTES) {
    const end = at + HEADER_BYTES + bytes.readUIntBE(at, 3)
    if (bytes.length < end) break
    handle({
      type: bytes[at + 3] ?? 0,
      flags: bytes[at + 4] ?? 0,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + HEADER_BYTES, end),
    })
    at = end
  }
  return at === 0 ? bytes : bytes.subarray(at)
}

interface Handled {
  readonly socket: Socket
  readonly calls: Map<number, Buffer[]>
  readonly listener: Http2Listener
}

function frameHandler({ socket, calls, listener }: Handled): (frame: Frame) => void {
  const answered = (stream: number) => {
    const parts = calls.get(stream)
    if (parts === undefined) return
    calls.delete(stream)
    const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    const isMessage = whole !== undefined && whole.length >= PREFIX_BYTES
    listener.onAnswer(stream, isMessage ? whole.subarray(PREFIX_BYTES) : undefined)
  }
  const echo = (type: number, payload: Buffer) =>
    void socket.write(frame({ type, flags: ACK, stream: 0, payload }))
  const answers: Readonly<Record<number, (frame: Frame) => void>> = {
    [FRAME.data]({ flags, stream, payload }) {
      calls.get(stream)?.push(payload)
      if ((flags & END_STREAM) !== 0) answered(stream)
    },
    [FRAME.headers]({ flags, stream }) {
      if ((flags & END_STREAM) !== 0) answered(stream)
    },
    [FRAME.settings]({ flags }) {
      if ((flags & ACK) === 0) echo(FRAME.settings, Buffer.alloc(0))
    },
    [FRAME.ping]({ flags, payload }) {
      if ((flags & ACK) === 0) echo(FRAME.ping, payload)
    },
    [FRAME.reset]: () => listener.onLost('a call was reset'),
    [FRAME.goAway]: () => listener.onLost('the server said goodbye'),
  }
  return (received) => answers[received.type]?.(received)
}
