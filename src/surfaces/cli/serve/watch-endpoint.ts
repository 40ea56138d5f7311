import type { Platform } from '../../../flows/index.ts'
import type { ProgressListener } from '../../../platform/orchestration/index.ts'
import type { EndpointStatistics } from '../../gateway/index.ts'
import { lookInProcess } from './look-in-process.ts'
import { type StorePlaces, watchOrder } from './watch-order.ts'

const WATCH_EVERY_MS = 30_000

export interface WatchedEndpoint {
  /** How the platform was opened. */
  readonly places: StorePlaces
  /** Told what a retraining is doing. */
  readonly onProgress: ProgressListener
  /** Of all processes that answer for it. */
  statistics(): EndpointStatistics | undefined
  /** Told when a rollout took a step. */
  reload(): Promise<void>
  /** Told of a look that failed; the next one tries again. */
  tell(line: string): void
}

/**
 * Judges rollouts, watches windows and retrains beside what answers: this process finds out when
 * there is something to look at, another one does. A project with a declared horizon lives in the
 * past: windows up to today would be empty years, so it is not watched.
 */
export async function watchEndpoint(
  platform: Platform,
  endpoint: WatchedEndpoint,
): Promise<{ stop(): Promise<void> } | undefined> {
  if (platform.project.asOf !== undefined) return undefined
  const { keepWatch } = await import('../../../flows/index.ts')
  const { places, onProgress } = endpoint
  const order = watchOrder(platform, places)
  return keepWatch(platform, {
    everyMs: WATCH_EVERY_MS,
    onFailure: (error) => endpoint.tell(`watching failed: ${String(error)}`),
    takeLook: lookInProcess({ order, environment: platform.environment, onProgress }),
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
