import { statSync } from 'node:fs'
import type { Platform } from '../../../flows/index.ts'
import type { EndpointService } from '../../gateway/index.ts'
import type { CommandCall } from '../command-session.ts'
import { followProjects } from '../gateway/follow-projects.ts'
import { watchEndpoint } from './watch-endpoint.ts'
import type { StorePlaces } from './watch-order.ts'

export interface LookedAfter {
  readonly platform: Platform
  /** How the platform was opened. */
  readonly places: StorePlaces
  readonly service: EndpointService
}

/**
 * What goes on beside the only process that answers for an endpoint: it is watched, and follows its
 * project file.
 * @returns how to end it
 */
export async function lookAfterEndpoint(
  call: CommandCall,
  { platform, places, service }: LookedAfter,
): Promise<() => Promise<void>> {
  const tell = (line: string) => call.terminal.printError(`${line}\n`)
  const watch = await watchEndpoint(platform, {
    places,
    onProgress: call.display.listen,
    statistics: () => service.statistics(),
    reload: async () => {
      await service.reload()
    },
    tell,
  })
  const isFile = statSync(call.project, { throwIfNoEntry: false })?.isFile() === true
  const stopFollowing = followProjects([
    {
      place: isFile ? call.project : platform.projectFolder,
      take: (reading) => service.takeSettings(reading),
      tell,
    },
  ])
  return async () => {
    await Promise.all([stopFollowing(), watch?.stop()])
  }
}
