import type { Platform } from '../../../flows/index.ts'
import type { EndpointStatistics } from '../../gateway/index.ts'

const WATCH_EVERY_MS = 30_000

export interface WatchedEndpoint {
  /** Of all processes that answer for it. */
  statistics(): EndpointStatistics | undefined
  /** Told when a rollout took a step. */
  reload(): Promise<void>
  /** Told of a look that failed; the next one tries again. */
  tell(line: string): void
}

/**
 * Judges rollouts, watches windows and retrains beside what answers. A project with a declared
 * horizon lives in the past: windows up to today would be empty years, so it is not watched.
 */
export async function watchEndpoint(
  platform: Platform,
  endpoint: WatchedEndpoint,
): Promise<{ stop(): Promise<void> } | undefined> {
  if (platform.project.asOf !== undefined) return undefined
  const { keepWatch } = await import('../../../flows/index.ts')
  return keepWatch(platform, {
    everyMs: WATCH_EVERY_MS,
    onFailure: (error) => endpoint.tell(`watching failed: ${String(error)}`),
    gateway: {
      errorsByVersion: () =>
        Object.fromEntries(
          Object.entries(endpoint.statistics()?.versions ?? {}).map(([version, counts]) => [
            version,
            counts.errors,
          ]),
        ),
      resources: () => endpoint.statistics()?.process ?? null,
      reload: () => endpoint.reload(),
    },
  })
}
