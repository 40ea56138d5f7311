import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openPlatform } from '../src/flows/index.ts'
import { ENDPOINT, makeBenchProject } from './serving/bench-project.ts'
import { type BenchScene, GROUPS } from './serving/groups.ts'
import { type Measured, measureInTurns, type Target } from './serving/measure.ts'
import { makeModels } from './serving/model-files.ts'
import { peerVersion } from './serving/peer-environment.ts'
import { canPin } from './serving/processes.ts'
import { type BenchReport, reportJson, reportMarkdown } from './serving/report.ts'

/**
 * Serving beside its limits and its peers: a 200-tree XGBoost of 20 numbers, every answer compared
 * with XGBoost's own. Each group's servers are measured in turns, medians count.
 *
 *     node bench/serving.ts [--json | --markdown] [--rounds 5] [--seconds 5] [--only single,peers]
 *
 * With `--json` the last line of output is one JSON document, else the tables. Progress goes to
 * standard error. Groups: single, one-core, batch, grpc, processes, peers.
 */

const TREES = 200
const CANARY = {
  kind: 'canary',
  steps: [10],
  bake: 86_400_000,
  minRequests: 1_000_000_000,
} as const

const say = (line: string): boolean => process.stderr.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: Object.keys(GROUPS).join(',') },
  },
})

async function makeScene(folder: string): Promise<BenchScene> {
  say('training the models …')
  const models = await makeModels({
    folder: makeFolder(folder, 'models'),
    versions: 2,
    trees: TREES,
  })
  const scene = { models, plain: path.join(folder, 'plain'), full: path.join(folder, 'full') }
  await makeBenchProject({
    folder: scene.plain,
    models,
    looksUp: false,
    deployment: { predictionLog: { keep: 'none' } },
  })
  const { canarySchema } = await import('../src/core/records/index.ts')
  await makeBenchProject({
    folder: scene.full,
    models,
    looksUp: true,
    rollout: canarySchema.parse(CANARY),
    deployment: { predictionLog: { keep: 'all' } },
  })
  return { folder, ...scene }
}

function makeFolder(...parts: readonly string[]): string {
  const folder = path.join(...parts)
  mkdirSync(folder, { recursive: true })
  return folder
}

async function measureGroup(
  name: string,
  scene: BenchScene,
): Promise<Pick<BenchReport, 'measured' | 'notMeasured'>> {
  const group = GROUPS[name]
  if (group === undefined) throw new Error(`no group "${name}"; there are ${Object.keys(GROUPS)}`)
  say(`\n# ${name}`)
  const started: { stop(): Promise<void> }[] = []
  let measured: readonly Measured[] = []
  let targets: readonly Target[] = []
  let notMeasured: BenchReport['notMeasured'] = []
  try {
    const opened = await group(scene, started)
    targets = opened.targets
    notMeasured = opened.notMeasured
    for (const { name: what, reason } of notMeasured) say(`not measured: ${what}: ${reason}`)
    const turns = { rounds: Number(values.rounds), seconds: Number(values.seconds), onRound: say }
    measured = await measureInTurns(targets, turns)
  } finally {
    await Promise.all(started.map((server) => server.stop()))
  }
  answeredInFull += targets
    .filter((target) => target.name.startsWith('full'))
    .reduce((sum, target) => sum + target.answered(), 0)
  if (answeredInFull > 0) await checkLog(scene, answeredInFull)
  return { measured, notMeasured }
}

/** In all groups so far: they share the project's log. */
let answeredInFull = 0

/** Every answered prediction of the full gateway must be in its log, once. */
async function checkLog(scene: BenchScene, answered: number): Promise<void> {
  const platform = await openPlatform({ projectFolder: scene.full })
  try {
    const logged = await platform.log.count(ENDPOINT)
    if (logged !== answered) throw new Error(`${answered} answered, ${logged} in the log`)
    say(`${logged} predictions answered, each of them in the log`)
  } finally {
    await platform.close()
  }
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}

const folder = mkdtempSync(path.join(tmpdir(), 'esteira-bench-serving-'))
try {
  const scene = await makeScene(folder)
  const measured: Measured[] = []
  const notMeasured: BenchReport['notMeasured'][number][] = []
  for (const name of values.only.split(',')) {
    const found = await measureGroup(name, scene)
    measured.push(...found.measured)
    notMeasured.push(...found.notMeasured)
  }
  const report: BenchReport = {
    machine: { cpu: cpus()[0]?.model ?? '?', cores: availableParallelism(), pinned: canPin() },
    versions: {
      Node: process.versions.node,
      Fastify: versionOf('fastify'),
      'ONNX Runtime': versionOf('onnxruntime-node'),
      'grpc-js': versionOf('@grpc/grpc-js'),
      MLflow: peerVersion('mlflow'),
      MLServer: peerVersion('mlserver'),
      BentoML: peerVersion('bentoml'),
    },
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    measured,
    notMeasured,
  }
  if (!values.json || values.markdown) console.log(reportMarkdown(report).join('\n'))
  if (values.json) console.log(JSON.stringify(reportJson(report)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
