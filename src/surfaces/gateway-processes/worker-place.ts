import cluster, { type Worker } from 'node:cluster'
import { closeWithWorker } from './connections-on-the-way.ts'
import type { ProcessFigures, ToPrimary, ToWorker } from './messages.ts'

/** One worker process, as the primary process sees it. */
export interface WorkerProcess {
  /** Answers requests. */
  readonly isReady: boolean
  /** What it last told; undefined before it is ready. */
  readonly figures: ProcessFigures | undefined
  send(message: ToWorker<unknown, unknown>): void
  kill(): void
}

export interface WorkerListeners {
  readonly onMessage: (message: ToPrimary) => void
  /** @param ending the exit code or the signal */
  readonly onEnd: (ending: string) => void
}

/** Starts a worker process; what it says and its end are told to the listeners. */
export function forkWorker(order: () => unknown, listeners: WorkerListeners): WorkerProcess {
  const worker: Worker = cluster.fork()
  closeWithWorker(worker)
  let isReady = false
  let figures: ProcessFigures | undefined
  // A message for a process that is just going has nobody to hear it, and needs nobody.
  const send = (message: ToWorker<unknown, unknown>) => {
    if (worker.isConnected()) worker.send(message, () => {})
  }
  worker.on('message', (message: ToPrimary) => {
    if (message.kind === 'listening') send({ kind: 'start', order: order() })
    if (message.kind === 'ready') isReady = true
    if (message.kind === 'figures') figures = message.figures
    listeners.onMessage(message)
  })
  worker.once('exit', (code, signal) => {
    isReady = false
    listeners.onEnd(signal || String(code))
  })
  worker.on('error', () => {})
  return {
    get isReady() {
      return isReady
    },
    get figures() {
      return figures
    },
    send,
    kill: () => void worker.process.kill('SIGKILL'),
  }
}
