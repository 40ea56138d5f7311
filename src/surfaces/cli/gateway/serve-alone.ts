import type { GatewayGroup } from '../../gateway/index.ts'
import { figuresOfGroup, NOBODY_ENDED } from '../../gateway-processes/index.ts'
import { watchEndpoint } from '../serve/watch-endpoint.ts'
import { storePlaces } from '../serve/watch-order.ts'
import { followProjects } from './follow-projects.ts'
import type { GatewayRun } from './gateway-run.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'
import type { Platforms } from './open-platforms.ts'

/** A gateway whose only process answers, watches, and follows the project files. */
export async function serveAlone(run: GatewayRun, platforms: Platforms): Promise<void> {
  const { call, order } = run
  const tell = (line: string) => call.terminal.printError(`${line}\n`)
  let gateway: OpenGateway | undefined
  const group: GatewayGroup = {
    figures: async () => {
      const living = new Map(gateway === undefined ? [] : [['1', gateway.figures()] as const])
      return figuresOfGroup({ living, ended: NOBODY_ENDED, ready: living.size, restarts: 0 })
    },
  }
  const opened = await openGateway({ order, platforms, terminal: call.terminal, group })
  gateway = opened
  const endpointOf = (project: string) =>
    opened.service.endpoints.all.find((service) => service.project === project)
  const watches = await Promise.all(
    platforms.map((platform) => {
      const service = endpointOf(platform.project.name)
      return watchEndpoint(platform, {
        places: storePlaces(order.config),
        onProgress: call.display.listen,
        statistics: () => service?.statistics(),
        reload: async () => void (await service?.reload()),
        tell,
      })
    }),
  )
  const stopFollowing = followProjects(
    order.projects.map(({ place, loaded }) => ({
      place,
      take: (reading) => endpointOf(loaded.project.name)?.takeSettings(reading) ?? [],
      tell: (line) => tell(`${loaded.project.name}: ${line}`),
    })),
  )
  try {
    run.announce(opened.addresses)
    await call.interruption.asked
  } finally {
    await Promise.all([stopFollowing(), ...watches.map((watch) => watch?.stop())])
    await opened.close()
  }
}
