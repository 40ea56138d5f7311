import { isoTime } from '../../core/time/index.ts'
import {
  type EndpointFigures,
  type EndpointStatistics,
  processFigures,
  type VersionStatistics,
} from './endpoint-statistics.ts'
import { createLatencyHistogram, type LatencyTally } from './latency-histogram.ts'

/** What one version did, in a form that adds up over processes; quantiles would not. */
export interface VersionTally {
  readonly requests: number
  readonly predictions: number
  readonly rejected: number
  readonly failed: number
  readonly inFlight: number
  /** Of the successful answers. */
  readonly latency: LatencyTally
}

/** What an endpoint did in one process, or in several together. */
export interface EndpointTally {
  readonly endpoint: string
  readonly startedAtMs: number
  readonly process: EndpointStatistics['process']
  readonly mirrored: EndpointStatistics['mirrored']
  /** By version number. */
  readonly versions: Readonly<Record<string, VersionTally>>
}

/** What an endpoint did in this process since its start. */
export function tallyOf(figures: EndpointFigures): EndpointTally {
  const { endpoint, statistics, startedAtMs, mirror } = figures
  const answered = statistics.all().filter(({ model }) => model === endpoint.name)
  const seen = answered.flatMap(({ version }) => (version === null ? [] : [version]))
  const versions = new Set([...endpoint.pool.versions(), ...seen])
  return {
    endpoint: endpoint.name,
    startedAtMs,
    process: processFigures(),
    mirrored: { ...mirror.counts },
    versions: Object.fromEntries(
      [...versions].map((version) => {
        const counts = statistics.ofVersion(endpoint.name, version)
        const { requests, predictions, rejected, failed } = counts
        const inFlight = endpoint.pool.inFlight(version)
        const latency = counts.latency.tally()
        return [version, { requests, predictions, rejected, failed, inFlight, latency }]
      }),
    ),
  }
}

/** Several processes as one, which began when the first of them did. Of one endpoint, not empty. */
export function addTallies(tallies: readonly [EndpointTally, ...EndpointTally[]]): EndpointTally {
  const [first, ...rest] = tallies
  const versions = new Set(tallies.flatMap((tally) => Object.keys(tally.versions)))
  return {
    endpoint: first.endpoint,
    startedAtMs: Math.min(...tallies.map(({ startedAtMs }) => startedAtMs)),
    process: sumByName(
      first.process,
      rest.map(({ process }) => process),
    ),
    mirrored: sumByName(
      first.mirrored,
      rest.map(({ mirrored }) => mirrored),
    ),
    versions: Object.fromEntries(
      [...versions].map((version) => [
        version,
        addVersions(tallies.flatMap((tally) => tally.versions[version] ?? [])),
      ]),
    ),
  }
}

/** What stays of a process that has ended: what it did, not what it held. */
export function tallyOfEnded(tally: EndpointTally): EndpointTally {
  const { cpuSeconds } = tally.process
  const versions = Object.entries(tally.versions).map(([version, counts]) => [
    version,
    { ...counts, inFlight: 0 },
  ])
  return {
    ...tally,
    process: { residentMemoryMb: 0, cpuSeconds },
    versions: Object.fromEntries(versions),
  }
}

export function statisticsOfTally(tally: EndpointTally): EndpointStatistics {
  const { endpoint, startedAtMs, process, mirrored } = tally
  const versions = Object.entries(tally.versions).sort(([a], [b]) => Number(a) - Number(b))
  return {
    endpoint,
    startedAt: isoTime(startedAtMs),
    process,
    mirrored,
    versions: Object.fromEntries(
      versions.map(([version, counts]) => [version, versionStatistics(counts)]),
    ),
  }
}

function versionStatistics({ latency, ...counts }: VersionTally): VersionStatistics {
  const histogram = createLatencyHistogram([latency])
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => histogram.quantile(share) ?? 0)
  return {
    ...counts,
    errors: counts.rejected + counts.failed,
    latency:
      latency.count === 0 || p50Ms === undefined || p95Ms === undefined || p99Ms === undefined
        ? null
        : { p50Ms, p95Ms, p99Ms },
  }
}

function addVersions(tallies: readonly VersionTally[]): VersionTally {
  const sum = (pick: (tally: VersionTally) => number) =>
    tallies.reduce((total, tally) => total + pick(tally), 0)
  return {
    requests: sum(({ requests }) => requests),
    predictions: sum(({ predictions }) => predictions),
    rejected: sum(({ rejected }) => rejected),
    failed: sum(({ failed }) => failed),
    inFlight: sum(({ inFlight }) => inFlight),
    latency: createLatencyHistogram(tallies.map(({ latency }) => latency)).tally(),
  }
}

function sumByName<T extends { readonly [K in keyof T]: number }>(first: T, rest: readonly T[]): T {
  const sums = { ...first }
  for (const part of rest) {
    for (const name in sums) Object.assign(sums, { [name]: sums[name] + part[name] })
  }
  return sums
}
