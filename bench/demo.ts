/**
 * The whole demo from nothing, then again with nothing changed: wall-clock time, memory over all its
 * processes, and the belt's own overhead (everything but the Python fitting) by stage.
 *
 *   node bench/demo.ts
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'

const ROOT = path.resolve(import.meta.dirname, '..')
const PROGRAM = path.join(ROOT, 'src', 'surfaces', 'cli', 'main.ts')
const PAGE_BYTES = 4_096
const SAMPLE_EVERY_MS = 500

interface Step {
  readonly stage: string
  readonly name: string
  readonly cached: boolean
  readonly durationMs: number
  readonly workerMs: number
}

interface DemoAnswer {
  readonly run: { readonly outcome: string; readonly steps: readonly Step[] }
  readonly replay: {
    readonly requests: number
    readonly windows: number
    readonly retrainings: number
  }
}

interface Measured {
  readonly answer: DemoAnswer
  readonly seconds: number
  /** Largest sum of resident memory over the process and all below it; 0 where /proc is missing. */
  readonly peakMb: number
}

function parents(): Map<number, number> {
  const found = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      found.set(Number(name), Number(fields[1]))
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  return found
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
  } catch {
    return 0
  }
}

function treeBytes(root: number): number {
  const parentOf = parents()
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf.get(at)) {
      if (at === root) return true
    }
    return false
  }
  return [...parentOf.keys()].filter(belongs).reduce((sum, pid) => sum + residentBytes(pid), 0)
}

function runDemo(args: readonly string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(process.execPath, [PROGRAM, 'demo', '--json', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    let peak = 0
    const sampler = setInterval(() => {
      if (child.pid !== undefined && process.platform === 'linux') {
        peak = Math.max(peak, treeBytes(child.pid))
      }
    }, SAMPLE_EVERY_MS)
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    child.once('close', (code) => {
      clearInterval(sampler)
      if (code !== 0) {
        reject(new Error(`the demo ended with exit code ${code}`))
        return
      }
      const seconds = (performance.now() - started) / 1_000
      resolve({ answer: JSON.parse(text), seconds, peakMb: peak / 1_048_576 })
    })
  })
}

function stageTable(steps: readonly Step[]): void {
  const stages = new Map<string, { steps: number; own: number; worker: number }>()
  for (const step of steps) {
    const stage = stages.get(step.stage) ?? { steps: 0, own: 0, worker: 0 }
    stage.steps += 1
    stage.worker += step.workerMs
    // Candidates train side by side: a step's time less its fit also holds its wait for a worker.
    stage.own += Math.max(0, step.durationMs - step.workerMs)
    stages.set(step.stage, stage)
  }
  console.log('| stage | steps | Python s | all else s |')
  console.log('| --- | --: | --: | --: |')
  for (const [name, { steps: count, own, worker }] of stages) {
    console.log(
      `| ${name} | ${count} | ${(worker / 1_000).toFixed(1)} | ${(own / 1_000).toFixed(2)} |`,
    )
  }
}

const cold = await runDemo(['--fresh'])
const warm = await runDemo([])
const { replay } = cold.answer
console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}\n`,
)
console.log('| demo | seconds | peak MB, all processes |')
console.log('| --- | --: | --: |')
console.log(`| from nothing | ${cold.seconds.toFixed(1)} | ${cold.peakMb.toFixed(0)} |`)
console.log(`| again, nothing changed | ${warm.seconds.toFixed(1)} | ${warm.peakMb.toFixed(0)} |`)
console.log(
  `\n${replay.requests} requests, ${replay.windows} windows, ${replay.retrainings} retrainings; first belt run by stage:\n`,
)
stageTable(cold.answer.run.steps)
