import { fileURLToPath } from 'node:url'
import { type Place, type RunningServer, startServer } from './processes.ts'

const COMMAND_LINE = pathOf('../../src/surfaces/cli/main.ts')

export interface ServedPort {
  readonly server: RunningServer
  readonly port: number
}

export interface EsteiraOptions {
  readonly name: string
  /** Of the project. */
  readonly folder: string
  readonly place: Place
  /** With `esteira gateway`; without it `esteira serve` is started. */
  readonly workers?: number
  /** Also over gRPC. */
  readonly grpc?: boolean
}

export interface EsteiraPorts extends ServedPort {
  readonly grpcPort: number
}

/** The real command line, as people start it. */
export async function startEsteira(options: EsteiraOptions): Promise<EsteiraPorts> {
  const { name, folder, place, workers, grpc = false } = options
  const what =
    workers === undefined
      ? ['serve', '--project', folder]
      : ['gateway', folder, '--workers', String(workers)]
  const ports = ['--port', '0', ...(grpc ? ['--grpc-port', '0'] : [])]
  const server = await startServer({
    name,
    place,
    command: process.execPath,
    args: [COMMAND_LINE, ...what, ...ports, '--json'],
    cwd: folder,
  })
  const { address, grpcAddress } = server.said
  return { server, port: portOf(address), grpcPort: grpc ? portOf(grpcAddress) : 0 }
}

export type Yardstick = 'bare-server' | 'empty-route' | 'empty-method'

/** A server of this folder that does nothing. */
export async function startYardstick(name: Yardstick, place: Place): Promise<ServedPort> {
  const server = await startServer({
    name,
    place,
    command: process.execPath,
    args: [pathOf(`./${name}.ts`)],
  })
  return { server, port: Number(server.said.port) }
}

function portOf(address: unknown): number {
  const port = Number(String(address).split(':').at(-1))
  if (!Number.isInteger(port)) throw new Error(`no port in ${String(address)}`)
  return port
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
