import type { Worker } from 'node:cluster'

interface Closable {
  close(): void
}

/** What `node:cluster` sends with a connection, and what comes back when it was taken. */
interface ConnectionMessage {
  readonly cmd?: unknown
  readonly act?: unknown
  readonly seq?: unknown
  readonly ack?: unknown
}

/**
 * Closes the connections that were on their way to a worker when it was killed. `node:cluster` keeps
 * them open for ever: a client would wait for an answer that nobody can give, where a broken
 * connection lets it ask again. The messages are Node's own; were they other ones in another Node,
 * nothing would be found and nothing closed.
 */
export function closeWithWorker(worker: Worker): void {
  const { process: child } = worker
  const onTheWay = new Map<unknown, Closable>()
  const send = child.send.bind(child)
  child.send = (...sent: unknown[]): boolean => {
    const [message, handle] = sent as [ConnectionMessage | undefined, Closable | undefined]
    const isConnection = message?.cmd === 'NODE_CLUSTER' && message.act === 'newconn'
    if (isConnection && typeof handle?.close === 'function') onTheWay.set(message.seq, handle)
    return Reflect.apply(send, child, sent)
  }
  child.on('internalMessage', (message: ConnectionMessage) => onTheWay.delete(message.ack))
  child.once('exit', () => {
    for (const handle of onTheWay.values()) handle.close()
    onTheWay.clear()
  })
}
