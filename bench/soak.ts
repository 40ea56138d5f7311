import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ENDPOINT, makeBenchProject } from './serving/bench-project.ts'
import { type BenchModels, makeModels } from './serving/model-files.ts'
import { runToEnd, writeJob } from './serving/processes.ts'
import { startEsteira } from './serving/servers.ts'
import { checkLog, type LogCheck } from './soak/check-log.ts'
import type { SoakFigures, SoakJob } from './soak/soak-job.ts'
import { type Switches, switchVersions } from './soak/switch-versions.ts'

/**
 * Overload and switches: requests at capacity and at ten times of it, while blue-green switches,
 * canaries, promotions, aborts and rollbacks happen every few seconds between versions that answer
 * differently. Every answer is judged, and every acknowledged one looked for in the prediction log.
 *
 *     node bench/soak.ts [--minutes 10] [--workers N] [--every 3] [--seed 1]
 *
 * The last line is the verdict, `0 lost, 0 wrong` with counts; the exit code is 1 for any other.
 * `--workers` asks `esteira gateway` instead of `esteira serve`.
 */

const VERSIONS = 3
const TREES = 200
const CAPACITY = 32
const PHASES = [
  { name: 'at capacity', connections: CAPACITY, seconds: 20 },
  { name: 'overloaded', connections: 10 * CAPACITY, seconds: 10 },
]
/** Less than the connections of the overload, so that it must be refused. */
const MAX_IN_FLIGHT = 64
const CLIENT = fileURLToPath(new URL('./soak/soak-client.ts', import.meta.url))
const MARGIN_MS = 2_000

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string' },
    every: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
})

/** Numbers from [0, 1) that a seed decides (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function jobOf(models: BenchModels, port: number, fatesFile: string): SoakJob {
  return {
    port,
    fatesFile,
    path: `/v2/models/${ENDPOINT}/infer`,
    phases: PHASES,
    seconds: Number(values.minutes) * 60,
    expected: models.expected,
    bodies: models.rows.map((row) => {
      const tensor = { name: 'numbers', datatype: 'FP32', shape: [1, row.length], data: [...row] }
      return JSON.stringify({ inputs: [tensor] }).slice(1)
    }),
  }
}

interface Soaked {
  readonly figures: SoakFigures
  readonly switches: Switches
  readonly log: LogCheck
  readonly exitCode: number | null | undefined
}

async function soak(folder: string): Promise<Soaked> {
  const modelFolder = path.join(folder, 'models')
  mkdirSync(modelFolder)
  const models = await makeModels({ folder: modelFolder, versions: VERSIONS, trees: TREES })
  const project = path.join(folder, 'project')
  const deployment = { limits: { maxInFlight: MAX_IN_FLIGHT } }
  await makeBenchProject({ folder: project, models, looksUp: false, deployment })
  const { workers } = values
  const esteira = await startEsteira({
    name: 'the gateway',
    folder: project,
    place: 'anywhere',
    ...(workers === undefined ? {} : { workers: Number(workers) }),
  })
  const fatesFile = path.join(folder, 'fates')
  const fromMs = Date.now() - MARGIN_MS
  let over = false
  const switching = switchVersions({
    port: esteira.port,
    folder: project,
    versions: models.versions,
    everyMs: Number(values.every) * 1_000,
    random: seeded(Number(values.seed)),
    isOver: () => over,
    onChange: say,
  })
  const job = writeJob(folder, 'soak', jobOf(models, esteira.port, fatesFile))
  const client = runToEnd('anywhere', [CLIENT, job], 'show').finally(() => {
    over = true
  })
  const [asked, switched] = await Promise.allSettled([client, switching])
  await esteira.server.stop()
  if (asked.status === 'rejected') throw asked.reason
  if (switched.status === 'rejected') throw switched.reason
  say('reading the log back …')
  const toMs = Date.now() + MARGIN_MS
  const told = { fates: readFileSync(fatesFile), expected: models.expected }
  return {
    figures: asked.value as unknown as SoakFigures,
    switches: switched.value,
    log: await checkLog({ folder: project, fromMs, toMs, ...told }),
    exitCode: esteira.server.exitCode(),
  }
}

/** Says what became of it. @returns whether all was well */
function judge({ figures, switches, log, exitCode }: Soaked): boolean {
  const { mistakes, ...counts } = figures
  for (const mistake of mistakes) say(mistake)
  console.log(JSON.stringify({ ...counts, switches, log }))
  const lost = figures.lost + log.missing
  const wrong = figures.wrong + log.repeated + log.different
  const changes = Object.values(switches.made).reduce((sum, count) => sum + count, 0)
  const unsettled = figures.sent - figures.answered - figures.refused - figures.wrong - figures.lost
  console.log(
    `${lost} lost, ${wrong} wrong: ${figures.sent} sent, ${figures.answered} answered and ${log.logged} logged, ` +
      `${figures.refused} refused with a time to come back, ${changes} switches` +
      `${unsettled === 0 ? '' : `, ${unsettled} without an end`}` +
      `${exitCode === 0 ? '' : `; the gateway ended with ${exitCode}`}`,
  )
  return lost + wrong + unsettled === 0 && exitCode === 0 && changes > 0 && figures.answered > 0
}

const folder = mkdtempSync(path.join(tmpdir(), 'esteira-soak-'))
try {
  process.exitCode = judge(await soak(folder)) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
