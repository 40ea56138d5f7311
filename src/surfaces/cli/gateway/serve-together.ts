import path from 'node:path'
import { createLiveSettings, type ProjectReading } from '../../gateway/index.ts'
import { freePort, openProcessGroup, type ProcessGroup } from '../../gateway-processes/index.ts'
import type { ServerConfig } from '../../server/index.ts'
import { watchEndpoint } from '../serve/watch-endpoint.ts'
import { storePlaces } from '../serve/watch-order.ts'
import { followProjects } from './follow-projects.ts'
import type { GatewayNews, GatewayOrder } from './gateway-order.ts'
import type { GatewayRun } from './gateway-run.ts'
import type { Platforms } from './open-platforms.ts'

const PROGRAM = path.join(
  import.meta.dirname,
  `worker-process${path.extname(import.meta.filename)}`,
)

/**
 * A gateway whose workers answer on the same ports. This process takes no requests: it starts the
 * workers and replaces those that end, watches over all of them together, and tells them what
 * changes.
 */
export async function serveTogether(
  run: GatewayRun & { readonly size: number },
  platforms: Platforms,
): Promise<void> {
  const { call, size } = run
  const tell = (line: string) => call.terminal.printError(`${line}\n`)
  const config = await withPorts(run.order.config)
  const readings: Readings = new Map()
  const order = (): GatewayOrder => ({
    ...run.order,
    config,
    readings: [...readings].flatMap(([project, told]) =>
      told.map((reading) => ({ project, reading })),
    ),
  })
  const group = openProcessGroup({ program: PROGRAM, size, order, onTrouble: tell })
  let stopFollowing: (() => Promise<void>) | undefined
  let watches: readonly ({ stop(): Promise<void> } | undefined)[] = []
  try {
    // A Ctrl-C may come while the workers are warming up.
    const addresses = await Promise.race([group.started, call.interruption.asked])
    if (addresses === undefined) return
    watches = await watchAll(run, platforms, group)
    stopFollowing = followAll(run.order, { group, readings, tell })
    run.announce(addresses)
    await Promise.race([call.interruption.asked, group.lost])
  } finally {
    await Promise.all([stopFollowing?.(), ...watches.map((watch) => watch?.stop())])
    await group.close()
  }
}

/** Workers that start later need the same ports. */
async function withPorts(config: ServerConfig): Promise<ServerConfig> {
  const { host, port, grpcPort } = config
  return {
    ...config,
    port: port === 0 ? await freePort(host) : port,
    ...(grpcPort === undefined ? {} : { grpcPort: grpcPort || (await freePort(host)) }),
  }
}

function watchAll({ call, order }: GatewayRun, platforms: Platforms, group: ProcessGroup) {
  return Promise.all(
    platforms.map(async (platform) => {
      const project = platform.project.name
      const { endpointName } = await import('../../../stages/deployment/index.ts')
      const endpoint = endpointName(platform.project)
      return watchEndpoint(platform, {
        places: storePlaces(order.config),
        onProgress: call.display.listen,
        statistics: () => group.figures().statistics[endpoint],
        reload: async () => group.tell({ kind: 'reload', project } satisfies GatewayNews),
        tell: (line) => call.terminal.printError(`${line}\n`),
      })
    }),
  )
}

/** By project: the newest reading that holds, then the refused one after it. */
type Readings = Map<string, readonly ProjectReading[]>

interface FollowParts {
  readonly group: ProcessGroup
  /** What a worker that starts later is told. */
  readonly readings: Readings
  readonly tell: (line: string) => void
}

function followAll({ projects }: GatewayOrder, { group, readings, tell }: FollowParts) {
  return followProjects(
    projects.map(({ place, loaded }) => {
      const project = loaded.project.name
      // What an operator should know is found out here once, not by each worker.
      const settings = createLiveSettings(loaded.project)
      /** How many of the readings hold: none before the first, then one. */
      let holding = 0
      return {
        place,
        take(reading) {
          const lines = settings.take(reading)
          const holds = readings.get(project)?.slice(0, holding) ?? []
          readings.set(project, settings.isValid ? [reading] : [...holds, reading])
          if (settings.isValid) holding = 1
          group.tell({ kind: 'reading', project, reading } satisfies GatewayNews)
          return lines
        },
        tell: (line) => tell(`${project}: ${line}`),
      }
    }),
  )
}
