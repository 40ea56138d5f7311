import { readFileSync } from 'node:fs'
import { checkAnswer, compareNumbers } from './check-answer.ts'
import { httpRequest, openHttpConnection } from './http-connection.ts'
import { openHttp2Connection } from './http2-connection.ts'
import { createLatencyHistogram } from './latency-histogram.ts'
import type { LoadFigures, LoadJob } from './load-job.ts'
import { readTensorAnswer } from './tensor-messages.ts'

// A closed loop: each connection asks again as soon as it was answered. One process, one job:
// `node load-generator.ts <job file>` prints its figures. Anything unexpected ends it with an error.

/** gRPC answers are decoded by a library; each of them would make the generator the slower side. */
const DECODE_EVERY = 8

/** Counts answers once warm, and says when it is over. */
function createTally(job: LoadJob) {
  const histogram = createLatencyHistogram()
  const answersByVersion: Record<string, number> = {}
  const begin = performance.now() + job.warmUpSeconds * 1_000
  const end = begin + job.seconds * 1_000
  const { connections, streams, atMost = Number.POSITIVE_INFINITY } = job
  // What is under way when the last one may be asked is answered too.
  const last = atMost - connections * streams
  let all = 0
  let verified = 0
  let cpu = process.cpuUsage()
  let warm = false
  return {
    /** @returns whether to ask again */
    answered(sentAt: number, now: number): boolean {
      all++
      if (!warm && now >= begin) {
        warm = true
        cpu = process.cpuUsage()
      }
      if (now >= begin && now < end) histogram.record(now - sentAt)
      return now < end && all <= last
    },
    seen(version: string): void {
      verified++
      answersByVersion[version] = (answersByVersion[version] ?? 0) + 1
    },
    figures(): LoadFigures {
      const { user, system } = process.cpuUsage(cpu)
      return {
        requestsPerSecond: histogram.count / job.seconds,
        p50Ms: histogram.quantile(0.5),
        p99Ms: histogram.quantile(0.99),
        p999Ms: histogram.quantile(0.999),
        requests: histogram.count,
        allRequests: all,
        verified,
        answersByVersion,
        generatorBusy: (user + system) / 1e6 / job.seconds,
      }
    },
  }
}

type Tally = ReturnType<typeof createTally>

/** Keeps one connection busy until the end. */
type Drive = (job: LoadJob, tally: Tally, first: number) => Promise<void>

const overHttp: Drive = (job, tally, first) => {
  const requests = job.bodies.map((body) =>
    httpRequest(job.path, job.headers, Buffer.from(body, 'base64')),
  )
  let next = first
  let sentAt = 0
  return new Promise((resolve, reject) => {
    const connection = openHttpConnection(job.port, {
      onLost: (reason) => reject(new Error(reason)),
      onAnswer({ status, body }) {
        const goesOn = tally.answered(sentAt, performance.now())
        const asked = next++ % requests.length
        const mistake = status === 200 ? verify(job, tally, { asked, body }) : body.toString()
        if (mistake !== undefined) reject(new Error(`status ${status}: ${mistake}`))
        else if (goesOn) ask()
        else void connection.then((open) => open.close()).then(resolve)
      },
    })
    let send: ((request: Buffer) => void) | undefined
    const ask = () => {
      const request = requests[next % requests.length]
      sentAt = performance.now()
      if (request !== undefined) send?.(request)
    }
    connection.then((open) => {
      send = open.send
      ask()
    }, reject)
  })
}

function verify(
  { check }: LoadJob,
  tally: Tally,
  { asked, body }: { readonly asked: number; readonly body: Buffer },
): string | undefined {
  if (check === undefined) return undefined
  const { version, mistake } = checkAnswer(check, asked, body)
  if (mistake === undefined) tally.seen(version)
  return mistake
}

const overGrpc: Drive = (job, tally, first) => {
  const messages = job.bodies.map((body) => Buffer.from(body, 'base64'))
  const underWay = new Map<number, { readonly asked: number; readonly sentAt: number }>()
  let next = first
  let answers = 0
  const verifySome = (asked: number, message: Buffer) =>
    answers++ % DECODE_EVERY === 0 ? verifyTensor(job, tally, { asked, message }) : undefined
  return new Promise((resolve, reject) => {
    const connection = openHttp2Connection(job, {
      onLost: (reason) => reject(new Error(reason)),
      onAnswer(number, message) {
        const call = underWay.get(number)
        underWay.delete(number)
        if (call === undefined || message === undefined) {
          reject(new Error('a call ended with a status and no message'))
          return
        }
        const goesOn = tally.answered(call.sentAt, performance.now())
        const mistake = verifySome(call.asked, message)
        if (mistake !== undefined) reject(new Error(mistake))
        else if (goesOn) ask()
        else if (underWay.size === 0) finish()
      },
    })
    const finish = () => void connection.then((open) => open.close()).then(resolve)
    let send: ((message: Buffer) => number) | undefined
    const ask = () => {
      const asked = next++ % messages.length
      const sentAt = performance.now()
      const number = send?.(messages[asked] ?? Buffer.alloc(0))
      if (number !== undefined) underWay.set(number, { asked, sentAt })
    }
    connection.then((open) => {
      send = open.send
      for (let stream = 0; stream < job.streams; stream++) ask()
    }, reject)
  })
}

function verifyTensor(
  { check }: LoadJob,
  tally: Tally,
  { asked, message }: { readonly asked: number; readonly message: Buffer },
): string | undefined {
  if (check === undefined) return undefined
  const [version = '', expected = []] = Object.entries(check.expected)[0] ?? []
  const mistake = compareNumbers(check, expected[asked] ?? [], readTensorAnswer(message))
  if (mistake === undefined) tally.seen(version)
  return mistake
}

const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LoadJob
const drive = job.protocol === 'http' ? overHttp : overGrpc
const tally = createTally(job)
await Promise.all(Array.from({ length: job.connections }, (_, at) => drive(job, tally, at * 31)))
const figures = tally.figures()
if (figures.requests === 0) throw new Error('nothing was answered in the measured seconds')
console.log(JSON.stringify(figures))
