import { Pool } from 'undici'
import { type Clock, isoTime } from '../../../core/time/index.ts'
import type { RequestTrace } from '../../../platform/telemetry/index.ts'
import type { Cell } from '../decode-column.ts'
import { type Inference, inferResponse } from '../infer.ts'
import { bytesOfValues, createWaitingQueue } from '../waiting-queue.ts'
import { eventHeaders, REQUEST_TYPE, RESPONSE_TYPE } from './cloud-event.ts'

export interface PayloadLogOptions {
  /** Where the events are posted; the operator's, never a caller's. */
  readonly url: string
  /** @default all */
  readonly mode?: 'all' | 'request' | 'response'
  /**
   * Events that wait at most, and of them 64 MiB together; what comes beyond is dropped and counted.
   * @default 1,000
   */
  readonly maxQueued?: number
}

/** Events since the start. */
export interface PayloadCounts {
  readonly sent: number
  /** The sink could not be reached in time, or did not take the event. */
  readonly failed: number
  /** The queue was full. */
  readonly dropped: number
}

/** Tells a sink what was asked and answered. It never delays an answer, and may lose events. */
export interface PayloadLog {
  /** @param trace its context goes along with the events */
  offer(answer: Inference, trace?: RequestTrace): void
  readonly counts: PayloadCounts
  /** Ends after what is queued was tried, at most for a few seconds. */
  close(): Promise<void>
}

interface WaitingEvent {
  readonly type: string
  readonly answer: Inference
  readonly atMs: number
  readonly trace: RequestTrace | undefined
}

const CONNECTIONS = 4
const TIMEOUT_MS = 5_000

export function createPayloadLog(
  { url, mode = 'all', maxQueued = 1_000 }: PayloadLogOptions,
  clock: Clock,
): PayloadLog {
  const sink = new URL(url)
  const pool = new Pool(sink.origin, { connections: CONNECTIONS })
  const types = [
    ...(mode === 'response' ? [] : [REQUEST_TYPE]),
    ...(mode === 'request' ? [] : [RESPONSE_TYPE]),
  ]
  const queue = createWaitingQueue<WaitingEvent>({ items: () => maxQueued })
  const counts = { sent: 0, failed: 0, dropped: 0 }
  const workers = new Set<Promise<void>>()

  async function post(event: WaitingEvent): Promise<void> {
    const { statusCode, body } = await pool.request({
      path: `${sink.pathname}${sink.search}`,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...event.trace?.headers(),
        ...headersOf(event),
      },
      body: JSON.stringify(payloadOf(event)),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await body.dump()
    if (statusCode >= 300) throw new Error(`the sink answered ${statusCode}`)
  }

  async function work(): Promise<void> {
    for (let event = queue.take(); event !== undefined; event = queue.take()) {
      try {
        await post(event)
        counts.sent++
      } catch {
        counts.failed++
      }
    }
  }

  function startWorker(): void {
    if (workers.size >= CONNECTIONS) return
    // In a turn of its own: encoding must not stand before the answer.
    const worker: Promise<void> = new Promise<void>((resolve) => {
      setImmediate(() => void work().then(resolve))
    }).finally(() => workers.delete(worker))
    workers.add(worker)
  }

  return {
    offer(answer, trace) {
      const bytes = bytesOfValues([...answer.sent.entries()].map(([, cells]) => cells))
      for (const type of types) {
        if (!queue.offer({ type, answer, atMs: clock.now(), trace }, bytes)) counts.dropped++
      }
      startWorker()
    },
    counts,
    async close() {
      await Promise.race([Promise.all(workers), waitUnreferenced()])
      counts.dropped += queue.clear().length
      await pool.destroy()
    },
  }
}

function waitUnreferenced(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, TIMEOUT_MS).unref()
  })
}

function headersOf({ type, answer, atMs }: WaitingEvent): Record<string, string> {
  return eventHeaders({
    specversion: '1.0',
    id: answer.requestId,
    source: `/v2/models/${answer.model}/versions/${answer.version.version}`,
    type,
    time: isoTime(atMs),
    inferenceservicename: answer.model,
    component: 'predictor',
  })
}

/** Both as the Open Inference Protocol has them, whichever protocol the caller spoke. */
function payloadOf({ type, answer }: WaitingEvent): unknown {
  if (type === RESPONSE_TYPE) return inferResponse(answer)
  const inputs = [...answer.sent.entries()].map(([name, data]) => ({
    name,
    datatype: isText(data) ? 'BYTES' : 'FP64',
    shape: [data.length],
    data,
  }))
  return { id: answer.requestId, parameters: { ids: answer.ids }, inputs }
}

function isText(data: readonly Cell[]): boolean {
  return data.some((cell) => typeof cell === 'string')
}
