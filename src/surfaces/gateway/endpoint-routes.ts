import type { FastifyInstance } from 'fastify'
import { isoTime } from '../../core/time/index.ts'
import type { RequestCounter } from './count-requests.ts'
import type { PayloadLog } from './events/payload-log.ts'
import { requireModel } from './health-routes.ts'
import type { Mirror, MirrorCounts } from './mirror.ts'
import { prometheusText } from './prometheus-text.ts'
import type { ServedEndpoint } from './served-endpoint.ts'
import type { Statistics, VersionCounts } from './statistics.ts'

export interface EndpointRouteParts {
  readonly endpoint: ServedEndpoint
  readonly statistics: Statistics
  readonly startedAtMs: number
  readonly counter: RequestCounter
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
  readonly process: { readonly residentMemoryMb: number; readonly cpuSeconds: number }
  /** What a shadow was shown. */
  readonly mirrored: MirrorCounts
  /** By version number. */
  readonly versions: Readonly<Record<string, VersionStatistics>>
}

/** The endpoint's state and figures, for operators, rollouts and Prometheus. */
export function addEndpointRoutes(server: FastifyInstance, parts: EndpointRouteParts): void {
  const { endpoint } = parts
  type Address = { Params: { readonly name: string } }
  server.get<Address>('/v1/endpoints/:name', ({ params }) => {
    requireModel(endpoint, params.name)
    return endpoint.report()
  })
  server.post<Address>('/v1/endpoints/:name/reload', async ({ params }) => {
    requireModel(endpoint, params.name)
    await endpoint.follow({ retry: true })
    return endpoint.report()
  })
  server.get<Address>('/v1/endpoints/:name/statistics', ({ params }) => {
    requireModel(endpoint, params.name)
    return endpointStatistics(parts)
  })
  server.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsOf(parts)),
  )
}

export function endpointStatistics({
  endpoint,
  statistics,
  startedAtMs,
  mirror,
}: EndpointRouteParts): EndpointStatistics {
  const seen = statistics.all().flatMap(({ version }) => (version === null ? [] : [version]))
  const versions = [...new Set([...endpoint.pool.loaded(), ...seen])].sort((a, b) => a - b)
  return {
    endpoint: endpoint.name,
    startedAt: isoTime(startedAtMs),
    process: {
      residentMemoryMb: process.memoryUsage.rss() / 1_048_576,
      cpuSeconds: cpuSeconds(),
    },
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

function metricsOf(parts: EndpointRouteParts): string {
  const { endpoint, statistics, startedAtMs, counter, payloads, mirror } = parts
  return prometheusText({
    counts: statistics.all(),
    inFlight: counter.inFlight,
    payloads: payloads?.counts,
    mirrored: mirror.counts,
    loadedRevisions: endpoint.pool.loaded().length,
    residentMemoryBytes: process.memoryUsage.rss(),
    cpuSeconds: cpuSeconds(),
    startedAtMs,
  })
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
