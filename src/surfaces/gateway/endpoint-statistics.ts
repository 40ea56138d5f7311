import { isoTime } from '../../core/time/index.ts'
import type { PayloadLog } from './events/payload-log.ts'
import type { Mirror, MirrorCounts } from './mirror.ts'
import type { ServedEndpoint } from './served-endpoint.ts'
import type { Statistics, VersionCounts } from './statistics.ts'

/** Where an endpoint's figures come from. */
export interface EndpointFigures {
  readonly endpoint: ServedEndpoint
  readonly statistics: Statistics
  readonly startedAtMs: number
  readonly payloads: PayloadLog | undefined
  readonly mirror: Mirror
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

export function endpointStatistics({
  endpoint,
  statistics,
  startedAtMs,
  mirror,
}: EndpointFigures): EndpointStatistics {
  const seen = statistics
    .all()
    .filter(({ model }) => model === endpoint.name)
    .flatMap(({ version }) => (version === null ? [] : [version]))
  const versions = [...new Set([...endpoint.pool.versions(), ...seen])].sort((a, b) => a - b)
  return {
    endpoint: endpoint.name,
    startedAt: isoTime(startedAtMs),
    process: processFigures(),
    mirrored: { ...mirror.counts },
    versions: Object.fromEntries(
      versions.map((version) => [
        version,
        versionStatistics(
          statistics.ofVersion(endpoint.name, version),
          endpoint.pool.inFlight(version),
        ),
      ]),
    ),
  }
}

export function processFigures(): EndpointStatistics['process'] {
  const { user, system } = process.cpuUsage()
  return {
    residentMemoryMb: process.memoryUsage.rss() / 1_048_576,
    cpuSeconds: (user + system) / 1e6,
  }
}

function versionStatistics(counts: VersionCounts, inFlight: number): VersionStatistics {
  const { requests, predictions, rejected, failed, latency } = counts
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => latency.quantile(share) ?? 0)
  return {
    requests,
    predictions,
    rejected,
    failed,
    errors: rejected + failed,
    inFlight,
    latency:
      latency.count === 0 || p50Ms === undefined || p95Ms === undefined || p99Ms === undefined
        ? null
        : { p50Ms, p95Ms, p99Ms },
  }
}
