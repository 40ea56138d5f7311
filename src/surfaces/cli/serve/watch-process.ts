// A program of its own: takes one look at an endpoint for the process that answers its predictions,
// tells what came of it, and ends. It reads what may be a large part of the prediction log, and may
// train models.
import { enableCompileCache } from 'node:module'
import { constants, setPriority } from 'node:os'
import { errors } from '../errors.ts'
import type { FromWatchProcess, ToWatchProcess, WatchOrder } from './watch-order.ts'

// Less than what answers, but not the lowest: a bad version must be seen under overload as well.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
// It is started again and again.
enableCompileCache()

const stop = new AbortController()
const ordered = Promise.withResolvers<WatchOrder>()
const asked = Promise.withResolvers<Extract<ToWatchProcess, { kind: 'look' }>['facts']>()
// Thrown where they are waited for, which may be later.
ordered.promise.catch(() => {})
asked.promise.catch(() => {})
stop.signal.addEventListener('abort', () => {
  ordered.reject(stop.signal.reason)
  asked.reject(stop.signal.reason)
})
process.on('message', (message: ToWatchProcess) => {
  if (message.kind === 'start') ordered.resolve(message.order)
  else if (message.kind === 'look') asked.resolve(message.facts)
  else stop.abort(errors.INTERRUPTED({}))
})
// A Ctrl-C goes to every process of a terminal; this one goes by its parent.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// However the parent went. Not by `exit`, which would wait for queries under way.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

try {
  await look(await ordered.promise)
  await tell({ kind: 'done' })
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  await tell({ kind: 'failed', name, message })
}
process.exit(0)

async function look(order: WatchOrder): Promise<void> {
  const { lookAtEndpoint, openPlatform } = await import('../../../flows/index.ts')
  const platform = await openPlatform({
    ...order,
    environment: process.env,
    signal: stop.signal,
    onProgress: (event) => void tell({ kind: 'progress', event }),
  })
  try {
    await tell({ kind: 'ready' })
    await lookAtEndpoint(platform, await asked.promise, (news) => tell({ kind: 'news', news }))
  } finally {
    await platform.close()
  }
}

/** Waits until the message is out, since the process may end next. */
function tell(message: FromWatchProcess): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
