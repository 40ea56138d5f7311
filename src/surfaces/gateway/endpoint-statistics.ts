import type { Gate } from './admission/gate.ts'
import type { PayloadLog } from './events/payload-log.ts'
import type { FeatureLookup } from './features/look-up-features.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Mirror, MirrorCounts } from './mirror.ts'
import type { ServedEndpoint } from './served-endpoint.ts'
import type { Statistics } from './statistics.ts'

/** Where an endpoint's figures come from. */
export interface EndpointFigures {
  readonly endpoint: ServedEndpoint
  readonly statistics: Statistics
  readonly startedAtMs: number
  readonly payloads: PayloadLog | undefined
  readonly mirror: Mirror
  readonly features: FeatureLookup
  readonly gate: Gate
  readonly settings: Pick<LiveSettings, 'isValid'>
}

/** What one version did since the gateway's start. */
export interface VersionStatistics {
  readonly requests: number
  readonly predictions: number
  readonly rejected: number
  readonly failed: number
  /** `rejected + failed`: what a rollout compares. */
  readonly errors: number
  readonly inFlight: number
  readonly latency: {
    readonly p50Ms: number
    readonly p95Ms: number
    readonly p99Ms: number
  } | null
}

export interface EndpointStatistics {
  readonly endpoint: string
  readonly startedAt: string
  /** Of the whole process, whichever endpoints it has. */
  readonly process: { readonly residentMemoryMb: number; readonly cpuSeconds: number }
  /** What a shadow was shown. */
  readonly mirrored: MirrorCounts
  /** By version number. */
  readonly versions: Readonly<Record<string, VersionStatistics>>
}

export function processFigures(): EndpointStatistics['process'] {
  const { user, system } = process.cpuUsage()
  return {
    residentMemoryMb: process.memoryUsage.rss() / 1_048_576,
    cpuSeconds: (user + system) / 1e6,
  }
}
