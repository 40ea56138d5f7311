import { createLatencyHistogram, type LatencyHistogram } from './latency-histogram.ts'

/** One answered inference request. */
export interface AnsweredRequest {
  readonly model: string
  /** Null when it failed before a revision was chosen. */
  readonly version: number | null
  readonly status: number
  readonly durationMs: number
  /** Predictions given; 0 for an error. */
  readonly rows: number
}

export interface VersionCounts {
  requests: number
  predictions: number
  /** Answers 400 to 499 after the revision was chosen. */
  rejected: number
  /** Answers 500 and above. */
  failed: number
  readonly byStatus: Map<number, number>
  /** Of the successful answers. */
  readonly latency: LatencyHistogram
}

export interface ModelCounts {
  readonly model: string
  readonly version: number | null
  readonly counts: VersionCounts
}

/** Counts since the gateway's start. */
export interface Statistics {
  record(request: AnsweredRequest): void
  /** Of one version; zeros when it answered nothing. */
  ofVersion(model: string, version: number): VersionCounts
  all(): readonly ModelCounts[]
}

export function createStatistics(): Statistics {
  const known = new Map<string, ModelCounts>()

  function countsOf(model: string, version: number | null): VersionCounts {
    const key = `${version}\n${model}`
    let entry = known.get(key)
    if (entry === undefined) {
      entry = { model, version, counts: noCounts() }
      known.set(key, entry)
    }
    return entry.counts
  }

  return {
    record({ model, version, status, durationMs, rows }) {
      const counts = countsOf(model, version)
      counts.requests++
      counts.predictions += rows
      counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1)
      if (status >= 500) counts.failed++
      else if (status >= 400) counts.rejected++
      else counts.latency.record(durationMs)
    },
    ofVersion: (model, version) => known.get(`${version}\n${model}`)?.counts ?? noCounts(),
    all: () => [...known.values()],
  }
}

function noCounts(): VersionCounts {
  return {
    requests: 0,
    predictions: 0,
    rejected: 0,
    failed: 0,
    byStatus: new Map(),
    latency: createLatencyHistogram(),
  }
}
