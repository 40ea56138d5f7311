import { parentPort } from 'node:worker_threads'
import { isPlatformError } from '../../core/errors/index.ts'
import { loadModel } from './load-model.ts'
import type { ModelOrder, ThreadReply, ThreadRequest } from './model-messages.ts'
import type { ModelSession } from './model-session.ts'

// A thread that holds models and answers their calls one after the other.
const port = parentPort
if (port === null) throw new Error('this file runs in a worker thread')
const sessions = new Map<number, ModelSession>()
const tell = (reply: ThreadReply, moved: ArrayBuffer[] = []) => port.postMessage(reply, moved)
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

async function load(model: number, order: ModelOrder): Promise<void> {
  try {
    sessions.set(model, await loadModel(order))
    tell({ kind: 'loaded', model })
  } catch (error) {
    const code = isPlatformError(error) ? error.code : null
    tell({ kind: 'refused', model, code, reason: reasonOf(error) })
  }
}

async function answer({
  model,
  call,
  rows,
}: Extract<ThreadRequest, { kind: 'predict' }>): Promise<void> {
  try {
    const session = sessions.get(model)
    if (session === undefined) throw new Error('the thread does not hold it')
    const found = await session.predictPacked(rows)
    tell({ kind: 'answer', call, answer: found }, [found.output.buffer as ArrayBuffer])
  } catch (error) {
    tell({ kind: 'failure', call, reason: reasonOf(error) })
  }
}

async function close(model: number): Promise<void> {
  const session = sessions.get(model)
  sessions.delete(model)
  await session?.close()
  tell({ kind: 'closed', model })
}

port.on('message', (request: ThreadRequest) => {
  if (request.kind === 'predict') void answer(request)
  else if (request.kind === 'load') void load(request.model, request.order)
  else void close(request.model)
})
