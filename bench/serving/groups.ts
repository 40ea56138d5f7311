import path from 'node:path'
import { ENDPOINT } from './bench-project.ts'
import type { AnswerCheck, LoadJob } from './load-job.ts'
import { bareOnnxTarget, loadTarget, type Target } from './measure.ts'
import type { BenchModels } from './model-files.ts'
import { PEERS } from './peers.ts'
import type { Place, RunningServer } from './processes.ts'
import {
  batchBodies,
  bentoBodies,
  grpcBodies,
  lookUpBodies,
  mlflowBodies,
  packedBatchBodies,
  type Requests,
  tensorBodies,
} from './request-bodies.ts'
import { type EsteiraOptions, type EsteiraPorts, startEsteira, startYardstick } from './servers.ts'
import { MODEL_INFER } from './tensor-messages.ts'

export interface BenchScene {
  readonly folder: string
  readonly models: BenchModels
  /** Project folders. */
  readonly plain: string
  readonly full: string
}

/** Servers that are up, and what is measured on them in turns. */
export interface OpenGroup {
  readonly targets: readonly Target[]
  /** What could not be started, and why. */
  readonly notMeasured: readonly { readonly name: string; readonly reason: string }[]
}

type Stopped = Pick<RunningServer, 'stop'>
export type Group = (scene: BenchScene, started: Stopped[]) => Promise<OpenGroup>

const CONNECTIONS = 32
const GRPC_CONNECTIONS = 8
const BATCH_CONNECTIONS = 2
const BATCH_ROWS = 1_000
const INFER = `/v2/models/${ENDPOINT}/infer`

/** Where a gateway's answers have their probabilities. */
const OURS = { kind: 'text', marker: '"data":', stride: 2, offset: 1 } as const
/** One number a row, as the peers answer. */
const single = (marker: string) => ({ kind: 'text', marker, stride: 1, offset: 0 }) as const

type Found = Omit<AnswerCheck, 'expected'>

/** A check of single rows: each request is one row. */
function rowCheck(found: Found, models: BenchModels, versions: readonly number[]): AnswerCheck {
  const entries = versions.map((version) => [
    version,
    models.expected[version]?.map((probability) => [probability]) ?? [],
  ])
  return { ...found, expected: Object.fromEntries(entries) }
}

/** A check of one request that holds all rows. */
const batchCheck = (found: Found, models: BenchModels): AnswerCheck => ({
  ...found,
  expected: { 1: [models.expected[1] ?? []] },
})

interface Asked {
  readonly name: string
  readonly server: RunningServer
  readonly port: number
  readonly path: string
  readonly requests: Requests
  readonly check: AnswerCheck | undefined
  /** Of the generator. @default anywhere */
  readonly place?: Place
  /** Share of a core that each of the server's processes gets. @default all it wants */
  readonly share?: number
  readonly rows?: number
  readonly connections?: number
  readonly grpc?: boolean
}

function target(scene: BenchScene, asked: Asked): Target {
  const { name, server, port, requests, check, rows = 1, grpc = false, share } = asked
  const job: Omit<LoadJob, 'warmUpSeconds' | 'seconds'> = {
    protocol: grpc ? 'grpc' : 'http',
    port,
    path: asked.path,
    ...requests,
    connections: asked.connections ?? (grpc ? GRPC_CONNECTIONS : CONNECTIONS),
    streams: grpc ? CONNECTIONS / GRPC_CONNECTIONS : 1,
    check,
  }
  const place = asked.place ?? 'anywhere'
  return loadTarget({ name, rows, server, job, place, share, folder: scene.folder })
}

async function ours(options: EsteiraOptions, started: Stopped[]): Promise<EsteiraPorts> {
  const opened = await startEsteira(options)
  started.push(opened.server)
  return opened
}

interface Places {
  readonly servers: Place
  readonly generator: Place
  /** Behind each name. */
  readonly suffix: string
}

/** Single rows over HTTP, beside a route that does nothing and a model without a server. */
const singleRowsAt =
  ({ servers, generator, suffix }: Places): Group =>
  async (scene, started) => {
    const { models } = scene
    const bare = await startYardstick('bare-server', servers)
    const route = await startYardstick('empty-route', servers)
    started.push(bare.server, route.server)
    const plain = await ours({ name: 'plain', folder: scene.plain, place: servers }, started)
    const full = await ours({ name: 'full', folder: scene.full, place: servers }, started)
    const at = (name: string) => ({ name: `${name}${suffix}`, place: generator })
    const requests = tensorBodies(models.rows)
    const nothing = { path: '/', requests, check: undefined }
    const plainCheck = rowCheck(OURS, models, [1])
    const fullCheck = rowCheck(OURS, models, [1, 2])
    const fullRequests = lookUpBodies(models.rows)
    return {
      targets: [
        target(scene, { ...bare, ...nothing, ...at('bare-server') }),
        target(scene, { ...route, ...nothing, ...at('empty-route') }),
        target(scene, { ...plain, ...at('plain'), path: INFER, requests, check: plainCheck }),
        target(scene, {
          ...full,
          ...at('full'),
          path: INFER,
          requests: fullRequests,
          check: fullCheck,
        }),
        ...(suffix === '' ? [onnx(scene, 'onnx-single', 1)] : []),
      ],
      notMeasured: [],
    }
  }

function onnx({ models }: BenchScene, name: string, rows: number): Target {
  const rowsFile = path.join(models.folder, 'rows.f32')
  return bareOnnxTarget({ name, rows, model: models.onnx(1), rowsFile })
}

/** A thousand rows a request, beside ONNX Runtime on a thousand rows. */
const batch: Group = async (scene, started) => {
  const { models } = scene
  const plain = await ours({ name: 'plain', folder: scene.plain, place: 'anywhere' }, started)
  const common = { ...plain, path: INFER, rows: BATCH_ROWS, connections: BATCH_CONNECTIONS }
  const packed = { ...OURS, kind: 'floats-at-end' } as const
  return {
    targets: [
      onnx(scene, 'onnx-batch', BATCH_ROWS),
      target(scene, {
        ...common,
        name: 'batch-json',
        requests: batchBodies(models.rows),
        check: batchCheck(OURS, models),
      }),
      target(scene, {
        ...common,
        name: 'batch-binary',
        requests: packedBatchBodies(models.rows),
        check: batchCheck(packed, models),
      }),
    ],
    notMeasured: [],
  }
}

/** Single rows over gRPC, beside a method with the same messages that does nothing. */
const grpc: Group = async (scene, started) => {
  const { models } = scene
  const method = await startYardstick('empty-method', 'anywhere')
  started.push(method.server)
  const from = { folder: scene.plain, place: 'anywhere', grpc: true } as const
  const plain = await ours({ name: 'plain over gRPC', ...from }, started)
  const requests = grpcBodies(ENDPOINT, models.rows)
  const common = { path: MODEL_INFER, requests, grpc: true }
  const check = rowCheck({ ...OURS, kind: 'tensor' }, models, [1])
  return {
    targets: [
      target(scene, { ...common, ...method, name: 'empty-method', check: undefined }),
      target(scene, { ...common, ...plain, name: 'plain-grpc', port: plain.grpcPort, check }),
    ],
    notMeasured: [],
  }
}

/** Leaves a core for the generator on a machine of two. */
const WORKER_SHARE = 0.45

/**
 * One process and two, each with the same share of a core: a generator and two processes that take a
 * whole one want three. Each computes in its own event loop, as it would with as many workers as cores.
 */
const processes: Group = async (scene, started) => {
  const { models } = scene
  const common = {
    path: INFER,
    requests: tensorBodies(models.rows),
    check: rowCheck(OURS, models, [1]),
    share: WORKER_SHARE,
  } as const
  const targets: Target[] = []
  const notMeasured: { name: string; reason: string }[] = []
  for (const workers of [1, 2]) {
    const name = `gateway-${workers}`
    try {
      const place = workers === 1 ? 'server' : 'anywhere'
      const opened = await ours({ folder: scene.plain, place, name, workers }, started)
      targets.push(target(scene, { ...common, ...opened, name }))
    } catch (error) {
      notMeasured.push({ name, reason: String(error) })
    }
  }
  return { targets, notMeasured }
}

/** Single rows beside the peers, all on both cores together with the generator. */
const peers: Group = async (scene, started) => {
  const { models } = scene
  const { rows } = models
  const from = { folder: scene.plain, place: 'anywhere', grpc: true } as const
  const plain = await ours({ name: 'plain', ...from }, started)
  const v2 = { path: INFER, requests: tensorBodies(rows) }
  const unary = { path: MODEL_INFER, requests: grpcBodies(ENDPOINT, rows), grpc: true }
  const check = (found: Found) => rowCheck(found, models, [1])
  const tensorOf = (stride: number) =>
    check({ ...OURS, kind: 'tensor', stride, offset: stride - 1 })
  const targets = [
    target(scene, { ...v2, ...plain, name: 'plain-beside-peers', check: check(OURS) }),
    target(scene, {
      ...unary,
      ...plain,
      port: plain.grpcPort,
      name: 'plain-grpc-beside-peers',
      check: tensorOf(2),
    }),
  ]
  const asked: Readonly<Record<keyof typeof PEERS, (port: EsteiraPorts) => readonly Asked[]>> = {
    mlflow: (opened) => [
      {
        ...opened,
        name: 'mlflow',
        path: '/invocations',
        requests: mlflowBodies(rows),
        check: check(single('"predictions":')),
      },
    ],
    mlserver: (opened) => [
      { ...opened, ...v2, name: 'mlserver', check: check(single('"data":')) },
      { ...opened, ...unary, port: opened.grpcPort, name: 'mlserver-grpc', check: tensorOf(1) },
    ],
    bentoml: (opened) => [
      {
        ...opened,
        name: 'bentoml',
        path: '/predict',
        requests: bentoBodies(rows),
        check: check(single('')),
      },
    ],
  }
  const notMeasured: { name: string; reason: string }[] = []
  for (const name of ['mlflow', 'mlserver', 'bentoml'] as const) {
    try {
      const opened = await PEERS[name]({ folder: scene.folder, booster: models.booster(1) })
      started.push(opened.server)
      targets.push(...asked[name](opened).map((one) => target(scene, one)))
    } catch (error) {
      notMeasured.push({ name, reason: String(error) })
    }
  }
  return { targets, notMeasured }
}

/** In the order in which they are measured. */
export const GROUPS: Readonly<Record<string, Group>> = {
  single: singleRowsAt({ servers: 'anywhere', generator: 'anywhere', suffix: '' }),
  'one-core': singleRowsAt({ servers: 'server', generator: 'generator', suffix: '-one-core' }),
  batch,
  grpc,
  processes,
  peers,
}
