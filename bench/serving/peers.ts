import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ENDPOINT } from './bench-project.ts'
import { type PeerName, peerEnvironment } from './peer-environment.ts'
import { freePort, startServer } from './processes.ts'
import type { EsteiraPorts } from './servers.ts'

export interface PeerOptions {
  /** For the peer's own files. */
  readonly folder: string
  /** XGBoost's own JSON. */
  readonly booster: string
}

/** One thread a prediction, as ours; none of them sends reports. */
const SETTINGS = {
  OMP_NUM_THREADS: '1',
  MLFLOW_DISABLE_TELEMETRY: 'true',
  BENTOML_DO_NOT_TRACK: 'True',
  DO_NOT_TRACK: '1',
}

/** Environment of a peer whose programs call each other by name. */
const withPath = (bin: string) => ({ ...SETTINGS, PATH: `${bin}:${process.env.PATH}` })

/** `mlflow models serve`, which starts one uvicorn worker by default. */
async function startMlflow({ folder, booster }: PeerOptions): Promise<EsteiraPorts> {
  const bin = await peerEnvironment('mlflow')
  const model = path.join(folder, 'mlflow-model')
  const script = pathOf('./python/save_mlflow.py')
  await promisify(execFile)(path.join(bin, 'python'), [script, booster, model], {
    env: { ...process.env, ...withPath(bin) },
  })
  const port = await freePort()
  const args = ['models', 'serve', '-m', model, '-p', String(port), '--env-manager', 'local']
  const server = await startServer({
    name: 'mlflow models serve',
    command: path.join(bin, 'mlflow'),
    args,
    place: 'anywhere',
    cwd: folder,
    environment: withPath(bin),
    readyUrl: `http://127.0.0.1:${port}/ping`,
  })
  return { server, port, grpcPort: 0 }
}

/** MLServer with its XGBoost runtime and its default of one worker process for inference. */
async function startMlserver({ folder, booster }: PeerOptions): Promise<EsteiraPorts> {
  const bin = await peerEnvironment('mlserver')
  const own = path.join(folder, 'mlserver')
  mkdirSync(own, { recursive: true })
  const [port, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()]
  const ports = { http_port: port, grpc_port: grpcPort, metrics_port: metricsPort }
  const settings = { ...ports, host: '127.0.0.1', debug: false }
  writeFileSync(path.join(own, 'settings.json'), JSON.stringify(settings))
  writeFileSync(
    path.join(own, 'model-settings.json'),
    JSON.stringify({
      name: ENDPOINT,
      implementation: 'mlserver_xgboost.XGBoostModel',
      parameters: { uri: booster, version: '1' },
    }),
  )
  const server = await startServer({
    name: 'MLServer',
    command: path.join(bin, 'mlserver'),
    args: ['start', '.'],
    place: 'anywhere',
    cwd: own,
    environment: withPath(bin),
    readyUrl: `http://127.0.0.1:${port}/v2/models/${ENDPOINT}/ready`,
  })
  return { server, port, grpcPort }
}

/** `bentoml serve` of a service with one worker, its default. */
async function startBentoml({ folder, booster }: PeerOptions): Promise<EsteiraPorts> {
  const bin = await peerEnvironment('bentoml')
  const port = await freePort()
  const server = await startServer({
    name: 'BentoML',
    command: path.join(bin, 'bentoml'),
    args: ['serve', 'bento_service:Scorer', '--port', String(port), '--host', '127.0.0.1'],
    place: 'anywhere',
    cwd: pathOf('./python'),
    environment: {
      ...withPath(bin),
      BOOSTER: booster,
      BENTOML_HOME: path.join(folder, 'bentoml'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    readyUrl: `http://127.0.0.1:${port}/readyz`,
  })
  return { server, port, grpcPort: 0 }
}

/** How each peer is started. */
export const PEERS: Readonly<Record<PeerName, (options: PeerOptions) => Promise<EsteiraPorts>>> = {
  mlflow: startMlflow,
  mlserver: startMlserver,
  bentoml: startBentoml,
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
