import { readFileSync, writeFileSync } from 'node:fs'
import { checkAnswer } from '../serving/check-answer.ts'
import { type HttpAnswer, httpRequest, openHttpConnection } from '../serving/http-connection.ts'
import { createLatencyHistogram } from '../serving/latency-histogram.ts'
import type { AnswerCheck } from '../serving/load-job.ts'
import { FATES, requestId, type SoakFigures, type SoakJob, type SoakPhase } from './soak-job.ts'

// Asks without pause and judges every answer: `node soak-client.ts <job file>`.

const MOST_REQUESTS = 100_000_000
const MISTAKES_SHOWN = 10
/** A server that is gone for good must not be asked for ever. */
const CONNECTION_ATTEMPTS = 50
const RECONNECT_AFTER_MS = 100
const REFUSALS: readonly number[] = [429, 503, 504]

const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SoakJob
const requests = job.bodies.map((body) => {
  const bytes = Buffer.from(`{"id":"${requestId(0)}",${body}`)
  return httpRequest(job.path, { 'content-type': 'application/json' }, bytes)
})
const check: AnswerCheck = {
  kind: 'text',
  marker: '"data":',
  stride: 2,
  offset: 1,
  expected: Object.fromEntries(
    Object.entries(job.expected).map(([version, all]) => [version, all.map((one) => [one])]),
  ),
}
const fates = new Uint8Array(new ArrayBuffer(1 << 20, { maxByteLength: MOST_REQUESTS }))
const statuses: Record<string, number> = {}
const answersByVersion: Record<string, number> = {}
const latencies = new Map(job.phases.map(({ name }) => [name, createLatencyHistogram()]))
const mistakes: string[] = []
const counts = { sent: 0, answered: 0, refused: 0, lost: 0, wrong: 0, reconnected: 0 }

function settle(number: number, fate: number, mistake?: string): void {
  const { buffer } = fates
  if (number >= buffer.byteLength) buffer.resize(Math.min(2 * buffer.byteLength, MOST_REQUESTS))
  fates[number] = fate
  if (mistake !== undefined && mistakes.length < MISTAKES_SHOWN) {
    mistakes.push(`${requestId(number)}: ${mistake}`)
  }
}

/** The bytes of the request with a number. */
function requestOf(number: number): Buffer {
  const bytes = Buffer.from(requests[number % requests.length] ?? Buffer.alloc(0))
  const id = requestId(number)
  bytes.write(id, bytes.indexOf(requestId(0)), 'latin1')
  return bytes
}

/** What an answer says, and whether it may. */
function judge(number: number, { status, head, body }: HttpAnswer): boolean {
  statuses[status] = (statuses[status] ?? 0) + 1
  if (status === 200) {
    const { version, mistake } = checkAnswer(check, number % requests.length, body)
    const isOwn = body.includes(`"id":"${requestId(number)}"`)
    if (mistake === undefined && isOwn) {
      counts.answered++
      answersByVersion[version] = (answersByVersion[version] ?? 0) + 1
      settle(number, Number(version))
      return true
    }
    counts.wrong++
    settle(number, FATES.wrong, mistake ?? 'the answer to another request')
    return false
  }
  const isHonest =
    REFUSALS.includes(status) && (status === 504 || /\r\nretry-after: *\d/i.test(head))
  if (isHonest) counts.refused++
  else counts.wrong++
  settle(
    number,
    isHonest ? FATES.refused : FATES.wrong,
    isHonest ? undefined : `status ${status}: ${head} ${body.toString('utf8', 0, 300)}`,
  )
  return false
}

/** Keeps one connection busy until a time, and opens another when it is lost. */
async function drive({ name }: SoakPhase, until: number): Promise<void> {
  for (let attempt = 0; performance.now() < until; attempt++) {
    if (attempt > CONNECTION_ATTEMPTS) throw new Error('the server closes every connection')
    if (attempt > 0) {
      counts.reconnected++
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_AFTER_MS))
    }
    await askUntil(name, until).catch((error: unknown) => {
      if (!(error instanceof Error) || !('code' in error)) throw error
    })
  }
}

/** Settled when the time is over, or the connection. @throws when there is none to be had */
function askUntil(phase: string, until: number): Promise<void> {
  let number = -1
  let sentAt = 0
  return new Promise((resolve, reject) => {
    openHttpConnection(job.port, {
      onLost(reason) {
        if (number >= 0) {
          counts.lost++
          settle(number, FATES.lost, reason)
        }
        resolve()
      },
      onAnswer(answer) {
        const now = performance.now()
        if (judge(number, answer)) latencies.get(phase)?.record(now - sentAt)
        number = -1
        ask(now)
      },
    }).then((connection) => {
      open = connection
      ask(performance.now())
    }, reject)
    let open: Awaited<ReturnType<typeof openHttpConnection>> | undefined
    function ask(now: number): void {
      if (now >= until || counts.sent >= MOST_REQUESTS) {
        open?.close()
        resolve()
        return
      }
      number = counts.sent++
      sentAt = now
      open?.send(requestOf(number))
    }
  })
}

const end = performance.now() + job.seconds * 1_000
while (performance.now() < end) {
  for (const phase of job.phases) {
    const until = Math.min(end, performance.now() + phase.seconds * 1_000)
    await Promise.all(Array.from({ length: phase.connections }, () => drive(phase, until)))
    const left = Math.max(0, Math.round((end - performance.now()) / 1_000))
    process.stderr.write(`${phase.name}: ${JSON.stringify(counts)}, ${left} s to go\n`)
  }
}
writeFileSync(job.fatesFile, fates.subarray(0, counts.sent))
const figures: SoakFigures = {
  ...counts,
  statuses,
  answersByVersion,
  mistakes,
  latencies: Object.fromEntries(
    [...latencies].map(([name, histogram]) => [
      name,
      {
        accepted: histogram.count,
        p50Ms: histogram.quantile(0.5),
        p99Ms: histogram.quantile(0.99),
      },
    ]),
  ),
}
console.log(JSON.stringify(figures))
