import type { MirrorEntry } from '../../core/records/index.ts'
import { percentiles } from '../../core/statistics/index.ts'
import type { RolloutEvidence, ShadowEvidence } from '../../stages/deployment/index.ts'

/** Mirrored requests as evidence of both sides: they answered the same ones. */
export function shadowEvidence(entries: readonly MirrorEntry[]): RolloutEvidence {
  const compared = entries.filter(({ outcome }) => outcome === 'compared')
  const failed = countOf(entries, 'failed')
  const side = { valuePerDecision: null, labelled: 0 }
  return {
    stable: {
      ...side,
      requests: compared.length + failed,
      errors: 0,
      latencyP95Ms: p95(compared.map((entry) => entry.stableLatencyUs)),
    },
    challenger: {
      ...side,
      requests: compared.length + failed,
      errors: failed,
      latencyP95Ms: p95(compared.map((entry) => entry.latencyUs)),
    },
    shadow: summary(entries, compared, failed),
  }
}

function summary(
  entries: readonly MirrorEntry[],
  compared: readonly MirrorEntry[],
  failed: number,
): ShadowEvidence {
  const differences = compared.map(({ difference }) => difference ?? 0)
  const decided = compared.filter(({ changed }) => changed !== null)
  const sum = differences.reduce((total, difference) => total + difference, 0)
  return {
    compared: compared.length,
    failed,
    dropped: countOf(entries, 'dropped'),
    meanDifference: compared.length === 0 ? null : sum / compared.length,
    maxDifference:
      compared.length === 0 ? null : differences.reduce((most, x) => Math.max(most, x), 0),
    changedShare:
      decided.length === 0
        ? null
        : decided.filter(({ changed }) => changed === true).length / decided.length,
  }
}

function countOf(entries: readonly MirrorEntry[], wanted: MirrorEntry['outcome']): number {
  return entries.reduce((sum, { outcome, count }) => (outcome === wanted ? sum + count : sum), 0)
}

function p95(latenciesUs: readonly (number | null)[]): number | null {
  const known = latenciesUs.filter((us) => us !== null)
  return percentiles(Float64Array.from(known, (us) => us / 1_000))?.p95 ?? null
}
