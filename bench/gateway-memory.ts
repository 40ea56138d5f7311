import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { estimateMemory } from '../src/platform/inference/index.ts'
import { askNumber } from '../src/surfaces/gateway/fixtures/ask-number.ts'
import type { WrittenModel } from '../src/surfaces/gateway/fixtures/write-model.ts'
import { openWrittenEndpoint } from '../src/surfaces/gateway/fixtures/written-endpoint.ts'

/**
 * The memory of a gateway process with ten small models, what models of 5 and 50 MB add to it beside
 * what `estimateMemory` says, and how long a request waits for a 50 MB model that has to be loaded.
 *
 *     node bench/gateway-memory.ts
 */

const COLD_LOADS = 5
const SMALL = 10
const SERVER = fileURLToPath(
  new URL('../src/surfaces/gateway/fixtures/serve-written.ts', import.meta.url),
)

/** About 200 trees of depth 5, as boosting makes them; 180 of depth 12 make some 48 MB. */
const SMALL_TREES = { value: 1, trees: { count: 200, depth: 5 } }
const SIZES: readonly (readonly [name: string, model: WrittenModel])[] = [
  ['dense, 5 MB', { value: 1, matrixBytes: 5e6 }],
  ['dense, 50 MB', { value: 1, matrixBytes: 50e6 }],
  ['trees, 5 MB', { value: 1, trees: { count: 72, depth: 10 } }],
  ['trees, 50 MB', { value: 1, trees: { count: 180, depth: 12 } }],
]

interface Made {
  readonly name: string
  readonly path: string
}

async function make(folder: string, name: string, model: WrittenModel): Promise<Made> {
  const endpoint = await openWrittenEndpoint(folder, name)
  const { version, path } = await endpoint.addModel(model)
  await endpoint.rollOut(version)
  await endpoint.close()
  return { name, path }
}

async function withGateway<T>(
  folder: string,
  options: { readonly names: readonly string[]; readonly budget?: number },
  work: (address: string, child: ChildProcess) => Promise<T>,
): Promise<T> {
  const child = spawn(
    process.execPath,
    [SERVER, folder, String(options.budget ?? 0), ...options.names],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
    const address = line.toString().trim()
    for (const name of options.names) await answered(address, name)
    return await work(address, child)
  } finally {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

async function answered(address: string, name: string): Promise<void> {
  const { status, body } = await askNumber(address, name)
  if (status !== 200) throw new Error(`${name} answered ${status}: ${JSON.stringify(body)}`)
}

/** Resident memory in MB, once it no longer changes much. */
async function residentMb(child: ChildProcess): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const text = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1_000
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Runs the benchmark and gives its tables as lines of Markdown. */
export async function benchGatewayMemory(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-memory-'))
  try {
    return [...(await smallModels(folder)), '', ...(await largeModels(folder))]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function smallModels(folder: string): Promise<string[]> {
  const names: string[] = []
  for (let i = 0; i < SMALL; i++) names.push((await make(folder, `small-${i}`, SMALL_TREES)).name)
  const one = await withGateway(folder, { names: names.slice(0, 1) }, (_, child) =>
    residentMb(child),
  )
  const ten = await withGateway(folder, { names }, (_, child) => residentMb(child))
  return [
    `A gateway process with ${SMALL} small models (200 trees of depth 5, 0.4 MB each) takes ${ten.toFixed(0)} MB, with one of them ${one.toFixed(0)} MB.`,
  ]
}

async function largeModels(folder: string): Promise<string[]> {
  const base = await make(folder, 'base', { value: 2 })
  const rows: string[] = []
  const before = await withGateway(folder, { names: [base.name] }, (_, child) => residentMb(child))
  for (const [title, model] of SIZES) {
    const { name, path } = await make(folder, title.replaceAll(/\W+/g, '-').toLowerCase(), model)
    const estimate = await estimateMemory(path)
    const names = [base.name, name]
    const after = await withGateway(folder, { names }, (_, child) => residentMb(child))
    const cold = await withGateway(
      folder,
      { names, budget: estimate + 1 },
      async (address, child) => {
        const times: number[] = []
        for (let i = 0; i < COLD_LOADS; i++) {
          // The small one drives the large one out.
          await answered(address, base.name)
          const startedAt = performance.now()
          await answered(address, name)
          times.push(performance.now() - startedAt)
        }
        return { ms: median(times), resident: await residentMb(child) }
      },
    )
    const cells = [
      title,
      (statSync(path).size / 1e6).toFixed(1),
      (after - before).toFixed(0),
      (estimate / 1e6).toFixed(0),
      cold.ms.toFixed(0),
      cold.resident.toFixed(0),
    ]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  return [
    '| model | file MB | adds MB | estimate MB | cold load ms | process MB after cold loads |',
    '| --- | --: | --: | --: | --: | --: |',
    ...rows,
    '',
    `A process with one tiny model: ${before.toFixed(0)} MB. Cold load: median of ${COLD_LOADS} requests that had to load the model first, digest and probe included.`,
  ]
}

if (import.meta.main) console.log((await benchGatewayMemory()).join('\n'))
