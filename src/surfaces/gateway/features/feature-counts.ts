/** What a row's look-up in one view came to. */
export const LOOKUP_RESULTS = ['found', 'missing', 'stale', 'late', 'failed'] as const
export type LookupResult = (typeof LOOKUP_RESULTS)[number]

/** Rows looked up since the gateway's start, by view and result. */
export type FeatureCounts = ReadonlyMap<string, Readonly<Record<LookupResult, number>>>

export interface FeatureTally {
  count(view: string, result: LookupResult): void
  readonly counts: FeatureCounts
}

export function createFeatureTally(): FeatureTally {
  const counts = new Map<string, Record<LookupResult, number>>()
  return {
    counts,
    count(view, result) {
      let ofView = counts.get(view)
      if (ofView === undefined) {
        ofView = { found: 0, missing: 0, stale: 0, late: 0, failed: 0 }
        counts.set(view, ofView)
      }
      ofView[result]++
    },
  }
}
