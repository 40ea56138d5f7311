import { availableParallelism } from 'node:os'
import path from 'node:path'
import type { LoadedProject } from '../../../platform/project-file/index.ts'
import type { ProjectReading } from '../../gateway/index.ts'
import type { LoadedConfig, ServerConfig } from '../../server/index.ts'
import { folderOf } from '../server-settings.ts'

/** A project as it was read when the gateway was started. */
export interface OrderedProject {
  /** The folder or file that was named. */
  readonly place: string
  readonly loaded: Pick<LoadedProject, 'project' | 'digest' | 'folder'>
  readonly dataFolder: string
}

/** What a process of a gateway is to serve; plain JSON, so that a worker can be told. */
export interface GatewayOrder {
  readonly config: ServerConfig
  readonly projects: readonly [OrderedProject, ...OrderedProject[]]
  /** What the project files have said since, in order: what holds, then what was refused. */
  readonly readings: readonly { readonly project: string; readonly reading: ProjectReading }[]
}

/** What the processes of a gateway are told while they run. */
export type GatewayNews =
  | { readonly kind: 'reading'; readonly project: string; readonly reading: ProjectReading }
  /** A rollout took a step. */
  | { readonly kind: 'reload'; readonly project: string }

/** How many processes answer. */
export function processCount({ workers }: ServerConfig): number {
  return workers === 'auto' ? availableParallelism() : workers
}

/**
 * Reads the projects of a gateway. Each has the data folder that its own `esteira run` made, unless
 * the settings name one for all.
 * @throws every code of the project file
 */
export async function orderProjects(
  places: readonly [string, ...string[]],
  { config, origins }: LoadedConfig,
): Promise<GatewayOrder> {
  const { loadProject } = await import('../../../platform/project-file/index.ts')
  const read = async (place: string): Promise<OrderedProject> => {
    const { project, digest, folder } = await loadProject(place)
    const isOwn = origins.dataDir === 'default'
    const dataFolder = isOwn ? path.join(folderOf(place), '.esteira') : config.dataDir
    return { place, loaded: { project, digest, folder }, dataFolder }
  }
  const [first, ...rest] = places
  const projects = [await read(first), ...(await Promise.all(rest.map(read)))] as const
  return { config, projects, readings: [] }
}
