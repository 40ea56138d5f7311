import { fileURLToPath } from 'node:url'
import type { LoadFigures, LoadJob } from './load-job.ts'
import { type Place, type RunningServer, runToEnd, writeJob } from './processes.ts'
import { throttle } from './throttle.ts'

/** What is measured in turns with others of its group. */
export interface Target {
  readonly name: string
  /** Rows a request. */
  readonly rows: number
  /** Requests answered so far, with those of warming up. */
  answered(): number
  /** One round. */
  measure(seconds: number): Promise<Round>
}

export interface Round {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Processor time of the server by request, in microseconds; of all its processes. */
  readonly cpuUsPerRequest: number
  /** Share of a core that the load generator took; NaN without one. */
  readonly generatorBusy: number
  readonly residentMebibytes: number
  readonly requests: number
  readonly allRequests: number
  readonly answersByVersion: Readonly<Record<string, number>>
}

/** Medians over the rounds, and sums where they tell more. */
export interface Measured extends Round {
  readonly name: string
  readonly rows: number
  readonly rounds: number
  /** Of requests a second, smallest and largest round. */
  readonly spread: readonly [number, number]
}

export interface LoadTargetOptions {
  readonly name: string
  readonly rows: number
  readonly server: RunningServer
  readonly job: Omit<LoadJob, 'warmUpSeconds' | 'seconds'>
  /** Where the generator runs. */
  readonly place: Place
  /** Share of a core that each process of the server gets. @default all it wants */
  readonly share?: number | undefined
  /** For the job's file. */
  readonly folder: string
}

const WARM_UP_SECONDS = 1
const LOAD_GENERATOR = pathOf('./load-generator.ts')
const BARE_ONNX = pathOf('./bare-onnx.ts')

/** A server under the load of a generator in a process of its own. */
export function loadTarget(options: LoadTargetOptions): Target {
  const { name, rows, server, job, place, folder, share } = options
  let answered = 0
  return {
    name,
    rows,
    answered: () => answered,
    async measure(seconds) {
      const file = writeJob(folder, name, { ...job, warmUpSeconds: WARM_UP_SECONDS, seconds })
      const cpuBefore = server.cpuSeconds()
      const letGo = share === undefined ? undefined : throttle(server.answering(), share)
      const said = await runToEnd(place, [LOAD_GENERATOR, file]).finally(letGo)
      const figures = said as unknown as LoadFigures
      answered += figures.allRequests
      const cpuSeconds = server.cpuSeconds() - cpuBefore
      // What it still does of its round is not to be paid by the next target.
      await server.quiet()
      return {
        ...figures,
        cpuUsPerRequest: (cpuSeconds * 1e6) / figures.allRequests,
        residentMebibytes: server.residentMebibytes(),
      }
    },
  }
}

/** ONNX Runtime in a loop, on the servers' core. */
export function bareOnnxTarget(options: {
  readonly name: string
  readonly rows: number
  readonly model: string
  readonly rowsFile: string
}): Target {
  const { name, rows, model, rowsFile } = options
  return {
    name,
    rows,
    answered: () => 0,
    async measure(seconds) {
      const args = [BARE_ONNX, model, rowsFile, String(rows), String(seconds)]
      const said = await runToEnd('server', args)
      const callsPerSecond = Number(said.callsPerSecond)
      const callMs = 1_000 / callsPerSecond
      return {
        requestsPerSecond: callsPerSecond,
        p50Ms: callMs,
        p99Ms: Number.NaN,
        p999Ms: Number.NaN,
        cpuUsPerRequest: Number(said.cpuUsPerCall),
        generatorBusy: Number.NaN,
        residentMebibytes: Number.NaN,
        requests: Math.round(callsPerSecond * seconds),
        allRequests: Math.round(callsPerSecond * seconds),
        answersByVersion: {},
      }
    },
  }
}

export interface TurnOptions {
  readonly rounds: number
  readonly seconds: number
  readonly onRound: (line: string) => void
}

/** Measures all targets once, then all of them again, and so on, after a round that is not counted. */
export async function measureInTurns(
  targets: readonly Target[],
  { rounds, seconds, onRound }: TurnOptions,
): Promise<Measured[]> {
  const found = new Map<Target, Round[]>(targets.map((target) => [target, []]))
  for (const target of targets) await target.measure(Math.min(seconds, 2))
  for (let round = 1; round <= rounds; round++) {
    for (const target of targets) {
      const figures = await target.measure(seconds)
      found.get(target)?.push(figures)
      const rate = figures.requestsPerSecond.toFixed(0)
      onRound(`${target.name}, round ${round} of ${rounds}: ${rate}/s, ${shortly(figures)}`)
    }
  }
  return targets.map((target) => summed(target, found.get(target) ?? []))
}

function shortly({ p50Ms, p99Ms, cpuUsPerRequest, generatorBusy }: Round): string {
  const busy = Number.isNaN(generatorBusy)
    ? ''
    : `, generator ${(100 * generatorBusy).toFixed(0)} %`
  const times = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`
  return `${times}, ${cpuUsPerRequest.toFixed(0)} µs of processor${busy}`
}

function summed({ name, rows }: Target, rounds: readonly Round[]): Measured {
  const of = (pick: (round: Round) => number) => rounds.map(pick).sort((a, b) => a - b)
  const median = (pick: (round: Round) => number) => middle(of(pick))
  const sum = (pick: (round: Round) => number) => of(pick).reduce((a, b) => a + b, 0)
  const rates = of((round) => round.requestsPerSecond)
  const answersByVersion: Record<string, number> = {}
  for (const round of rounds) {
    for (const [version, count] of Object.entries(round.answersByVersion)) {
      answersByVersion[version] = (answersByVersion[version] ?? 0) + count
    }
  }
  return {
    name,
    rows,
    rounds: rounds.length,
    spread: [rates[0] ?? Number.NaN, rates.at(-1) ?? Number.NaN],
    requestsPerSecond: median((round) => round.requestsPerSecond),
    p50Ms: median((round) => round.p50Ms),
    p99Ms: median((round) => round.p99Ms),
    p999Ms: median((round) => round.p999Ms),
    cpuUsPerRequest: median((round) => round.cpuUsPerRequest),
    generatorBusy: median((round) => round.generatorBusy),
    residentMebibytes: median((round) => round.residentMebibytes),
    requests: sum((round) => round.requests),
    allRequests: sum((round) => round.allRequests),
    answersByVersion,
  }
}

function middle(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
