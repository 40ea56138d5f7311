import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { TakeLook } from '../../../flows/index.ts'
import type { ProgressListener } from '../../../platform/orchestration/index.ts'
import { errors } from '../errors.ts'
import type { FromWatchProcess, ToWatchProcess, WatchOrder } from './watch-order.ts'

const PROGRAM = path.join(import.meta.dirname, `watch-process${path.extname(import.meta.filename)}`)
/** What a look under way is given when the server is stopped. */
const GRACE_MS = 5_000

export interface LookInProcessOptions {
  readonly order: WatchOrder
  /** Of the project's sources too. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Told what a retraining is doing. */
  readonly onProgress: ProgressListener
}

/**
 * Takes each look in a process of its own that is started for it and ends with it, as a compaction
 * does. A look at a canary reads tens of thousands of rows; whoever answers predictions would wait
 * for that and keep the memory. A process that stayed would hold what DuckDB took in the largest look
 * for as long as the server runs; one for each look costs a start, at low priority and only while
 * there is something to judge, and needs nobody to look after it: when it dies, one look has failed.
 */
export function lookInProcess(options: LookInProcessOptions): TakeLook {
  return async (parts) => {
    const { signal } = parts
    signal.throwIfAborted()
    const child = startProcess(options.environment)
    const send = (message: ToWatchProcess) => {
      // A process that is just going hears nothing, and its end is told anyhow.
      if (child.connected) child.send(message, () => {})
    }
    const outcome = converse(child, { ...parts, send, onProgress: options.onProgress })
    let timer: NodeJS.Timeout | undefined
    const stop = () => {
      send({ kind: 'stop' })
      timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      send({ kind: 'start', order: options.order })
      await outcome
    } catch (error) {
      // Asked to stop, it was cut off, whatever it said or however it ended: the look is due still.
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      clearTimeout(timer)
    }
  }
}

function startProcess(env: LookInProcessOptions['environment']): ChildProcess {
  const child = fork(PROGRAM, [], {
    env: { ...env },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  // Whoever waits for its end is told; later ones, such as of a signal that came too late, are nothing.
  child.on('error', () => {})
  // A server lives by its port, not by its looks.
  child.unref()
  child.channel?.unref()
  return child
}

type Conversation = Parameters<TakeLook>[0] & {
  readonly send: (message: ToWatchProcess) => void
  readonly onProgress: ProgressListener
}

/** Answers what the process asks, and passes on what it tells, until it has ended. */
async function converse(child: ChildProcess, parts: Conversation): Promise<void> {
  let last: FromWatchProcess | undefined
  let told: Promise<void> = Promise.resolve()
  child.on('message', (message: FromWatchProcess) => {
    last = message
    if (message.kind === 'ready') parts.send({ kind: 'look', facts: parts.facts() })
    if (message.kind === 'progress') parts.onProgress(message.event)
    if (message.kind !== 'news') return
    told = told.then(() => parts.tell(message.news))
    // Thrown where it is waited for; until then it is nobody's.
    told.catch(() => {})
  })
  // Its last words may arrive after its end: the channel closes behind them.
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  await told
  if (last?.kind === 'done') return
  if (last?.kind === 'failed') {
    throw Object.assign(new Error(last.message), { name: last.name })
  }
  throw errors.WATCH_ENDED({ ending: String(signal ?? code) })
}
