import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openPlatform } from '../src/flows/index.ts'
import { ENDPOINT, makeBenchProject } from './serving/bench-project.ts'
import type { LoadFigures, LoadJob } from './serving/load-job.ts'
import { type BenchModels, makeModels } from './serving/model-files.ts'
import { runToEnd, writeJob } from './serving/processes.ts'
import { tensorBodies } from './serving/request-bodies.ts'
import { type EsteiraPorts, startEsteira } from './serving/servers.ts'

/**
 * Memory of `esteira serve` over many requests, each of them logged: resident memory and used heap of
 * the process that answers after every 100,000, and the straight line through them (least squares) after the first fifth.
 *
 *     node bench/growth.ts [--millions 10] [--trees 200]
 *
 * The last line is the verdict; the exit code is 1 when the line rises by more than a tenth of the
 * mean from its beginning to its end. Standard output has one line of JSON a sample.
 */

const SAMPLE_EVERY = 100_000
const CONNECTIONS = 32
/** Caches fill and code is compiled; that is no growth. */
const SKIPPED_SHARE = 0.2
const RISE_ALLOWED = 0.1
const AT_MOST_SECONDS = 3_600
const MEBIBYTE = 1_048_576
const LOAD_GENERATOR = fileURLToPath(new URL('./serving/load-generator.ts', import.meta.url))

interface Sample {
  readonly requests: number
  /** Of the process that answers. */
  readonly residentMebibytes: number
  readonly heapMebibytes: number
  /** Of the processes below it, such as a compaction: they come and go. */
  readonly besideMebibytes: number
  readonly requestsPerSecond: number
}

const { values } = parseArgs({
  options: {
    millions: { type: 'string', default: '10' },
    trees: { type: 'string', default: '200' },
  },
})

async function growth(folder: string): Promise<boolean> {
  const modelFolder = path.join(folder, 'models')
  mkdirSync(modelFolder)
  const models = await makeModels({
    folder: modelFolder,
    versions: 1,
    trees: Number(values.trees),
  })
  const project = path.join(folder, 'project')
  await makeBenchProject({ folder: project, models, looksUp: false, deployment: {} })
  const esteira = await startEsteira({ name: 'esteira', folder: project, place: 'anywhere' })
  const samples: Sample[] = []
  let answered = 0
  try {
    const job = jobOf(models, esteira.port)
    const total = Number(values.millions) * 1e6
    while (answered < total) {
      const file = writeJob(folder, 'growth', job)
      const startedAt = performance.now()
      const figures = (await runToEnd('anywhere', [LOAD_GENERATOR, file])) as unknown as LoadFigures
      answered += figures.allRequests
      const seconds = (performance.now() - startedAt) / 1_000
      const sample = await sampleOf(esteira, answered, figures.allRequests / seconds)
      samples.push(sample)
      console.log(JSON.stringify(sample))
    }
  } finally {
    await esteira.server.stop()
  }
  const logged = await countLogged(project)
  const resident = trend(samples, (sample) => sample.residentMebibytes)
  const heap = trend(samples, (sample) => sample.heapMebibytes)
  const grows = resident.rise > RISE_ALLOWED * resident.mean
  const told = ({ mean, rise, slope }: Trend) =>
    `${mean.toFixed(0)} MiB on average, the line rises by ${rise.toFixed(1)} MiB (${slope.toFixed(2)} a million)`
  console.log(`resident: ${told(resident)}; heap: ${told(heap)}`)
  const beside = Math.max(...samples.map(({ besideMebibytes }) => besideMebibytes))
  console.log(`processes below it take ${beside.toFixed(0)} MiB at most, when sampled`)
  console.log(
    `${grows ? 'growth' : 'no growth'} over ${answered} requests, ${logged} in the log${logged === answered ? '' : ': some are missing'}`,
  )
  return !grows && logged === answered
}

function jobOf(models: BenchModels, port: number): LoadJob {
  return {
    protocol: 'http',
    port,
    path: `/v2/models/${ENDPOINT}/infer`,
    ...tensorBodies(models.rows),
    connections: CONNECTIONS,
    streams: 1,
    warmUpSeconds: 0,
    seconds: AT_MOST_SECONDS,
    atMost: SAMPLE_EVERY,
    check: {
      kind: 'text',
      marker: '"data":',
      stride: 2,
      offset: 1,
      expected: { 1: models.expected[1]?.map((probability) => [probability]) ?? [] },
    },
  }
}

async function sampleOf(
  { server, port }: EsteiraPorts,
  requests: number,
  requestsPerSecond: number,
): Promise<Sample> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const mebibytesOf = (name: string) => {
    const text = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]
    if (text === undefined) throw new Error(`/metrics does not tell ${name}`)
    return Number(text) / MEBIBYTE
  }
  const residentMebibytes = mebibytesOf('process_resident_memory_bytes')
  return {
    requests,
    residentMebibytes,
    heapMebibytes: mebibytesOf('nodejs_heap_size_used_bytes'),
    besideMebibytes: server.residentMebibytes() - residentMebibytes,
    requestsPerSecond: Math.round(requestsPerSecond),
  }
}

async function countLogged(projectFolder: string): Promise<number> {
  const platform = await openPlatform({ projectFolder })
  try {
    return await platform.log.count(ENDPOINT)
  } finally {
    await platform.close()
  }
}

interface Trend {
  readonly mean: number
  /** By a million requests. */
  readonly slope: number
  /** From the beginning of what counts to its end. */
  readonly rise: number
}

/** The straight line through what counts. */
function trend(samples: readonly Sample[], pick: (sample: Sample) => number): Trend {
  const counted = samples.slice(Math.floor(samples.length * SKIPPED_SHARE))
  const points = counted.map((sample) => [sample.requests / 1e6, pick(sample)] as const)
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)]
  const spread = mean(([x]) => (x - meanX) ** 2)
  const slope = spread === 0 ? 0 : mean(([x, y]) => (x - meanX) * (y - meanY)) / spread
  const span = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)
  return { mean: meanY, slope, rise: slope * span }
}

const folder = mkdtempSync(path.join(tmpdir(), 'esteira-growth-'))
try {
  process.exitCode = (await growth(folder)) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
