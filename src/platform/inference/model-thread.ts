import { parentPort, workerData } from 'node:worker_threads'
import { isPlatformError } from '../../core/errors/index.ts'
import { loadModel } from './load-model.ts'
import type { ThreadOrder, ThreadReply, ThreadRequest } from './model-messages.ts'
import type { ModelSession } from './model-session.ts'

// A thread that holds one model and answers batches one after the other.
const port = parentPort
if (port === null) throw new Error('this file runs in a worker thread')
const tell = (reply: ThreadReply) => port.postMessage(reply)
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

async function answer(session: ModelSession, request: ThreadRequest): Promise<void> {
  if (request === null) {
    await session.close()
    port?.close()
    return
  }
  const { call, batch } = request
  try {
    tell({ kind: 'answer', call, answer: await session.predict(batch) })
  } catch (error) {
    tell({ kind: 'failure', call, reason: reasonOf(error) })
  }
}

try {
  const session = await loadModel(workerData as ThreadOrder)
  port.on('message', (request: ThreadRequest) => void answer(session, request))
  tell({ kind: 'loaded' })
} catch (error) {
  const code = isPlatformError(error) ? error.code : null
  tell({ kind: 'refused', code, reason: reasonOf(error) })
}
