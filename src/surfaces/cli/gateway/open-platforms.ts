import type { OpenPlatformOptions, Platform } from '../../../flows/index.ts'
import type { GatewayOrder } from './gateway-order.ts'

export type Platforms = readonly [Platform, ...Platform[]]

/** Opens the stores of every project; the first one's database has the accounts. */
export async function openPlatforms(
  { config, projects }: GatewayOrder,
  options: Pick<OpenPlatformOptions, 'environment' | 'signal' | 'onProgress'>,
): Promise<Platforms> {
  const { openPlatform } = await import('../../../flows/index.ts')
  const opened: Platform[] = []
  const open = async ({ place, loaded, dataFolder }: GatewayOrder['projects'][number]) => {
    const platform = await openPlatform({
      ...options,
      projectFolder: place,
      loaded,
      dataFolder,
      databaseUrl: config.databaseUrl,
      onlineStoreUrl: config.onlineStore,
      artifactsDestination: config.artifactsDestination,
    })
    opened.push(platform)
    return platform
  }
  const [first, ...rest] = projects
  try {
    const platforms: [Platform, ...Platform[]] = [await open(first)]
    for (const project of rest) platforms.push(await open(project))
    return platforms
  } catch (error) {
    await closePlatforms(opened)
    throw error
  }
}

export async function closePlatforms(platforms: readonly Platform[]): Promise<void> {
  for (const platform of platforms) await platform.close()
}
