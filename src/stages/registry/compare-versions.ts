import { canonicalJson } from '../../core/identity/index.ts'
import type { Estimate, Evaluation, ModelVersion } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { findVersion } from './find-version.ts'

/** A version with its evaluation, if there is one. */
export interface ComparedVersion {
  readonly version: ModelVersion
  readonly evaluation: Evaluation | undefined
}

/** One thing that differs; undefined on the side that lacks it. */
export interface Difference {
  readonly name: string
  readonly left: unknown
  readonly right: unknown
}

export interface MetricDifference {
  readonly metric: string
  readonly left: Estimate | null
  readonly right: Estimate | null
  /** Right less left; null when one is missing. */
  readonly difference: number | null
}

/** What two versions have in common is left out, but for the metrics. */
export interface VersionComparison {
  readonly model: string
  readonly left: number
  readonly right: number
  readonly metrics: readonly MetricDifference[]
  readonly candidate: readonly Difference[]
  readonly parameters: readonly Difference[]
  readonly signature: readonly Difference[]
  readonly lineage: readonly Difference[]
  /** Bytes of the model file: right less left. */
  readonly sizeDifferenceBytes: number
}

/** How one version differs from another. */
export function compareVersions(left: ComparedVersion, right: ComparedVersion): VersionComparison {
  const [a, b] = [left.version, right.version]
  return {
    model: a.model,
    left: a.version,
    right: b.version,
    metrics: metricDifferences(left, right),
    candidate: differences(
      { name: a.candidate.name, estimator: a.candidate.estimator, threshold: a.threshold },
      { name: b.candidate.name, estimator: b.candidate.estimator, threshold: b.threshold },
    ),
    parameters: differences(a.candidate.parameters, b.candidate.parameters),
    signature: differences(signatureFacts(a), signatureFacts(b)),
    lineage: differences(lineageFacts(a), lineageFacts(b)),
    sizeDifferenceBytes: b.artifact.bytes - a.artifact.bytes,
  }
}

/**
 * Fetches two versions of a model with their evaluations.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_WITHOUT_RECORD
 */
export async function fetchCompared(
  store: RecordStore,
  at: { readonly model: string; readonly left: number; readonly right: number },
): Promise<readonly [ComparedVersion, ComparedVersion]> {
  const { model, left, right } = at
  return Promise.all([fetchOne(store, model, left), fetchOne(store, model, right)])
}

async function fetchOne(
  store: RecordStore,
  model: string,
  number: number,
): Promise<ComparedVersion> {
  const version = await findVersion({ store, model, version: number })
  const id = version.lineage.evaluation
  return { version, evaluation: id === null ? undefined : await store.get('evaluation', id) }
}

function metricDifferences(left: ComparedVersion, right: ComparedVersion): MetricDifference[] {
  const [a, b] = [estimatesOf(left), estimatesOf(right)]
  const names = [...new Set([...a.keys(), ...b.keys()])].sort()
  return names.map((metric) => {
    const [of, against] = [a.get(metric) ?? null, b.get(metric) ?? null]
    const difference = of === null || against === null ? null : against.value - of.value
    return { metric, left: of, right: against, difference }
  })
}

/** With intervals when the version was evaluated; else the bare numbers of its record. */
function estimatesOf({ version, evaluation }: ComparedVersion): ReadonlyMap<string, Estimate> {
  const bare = Object.entries(version.metrics).map(
    ([name, value]) => [name, { value, low: null, high: null }] as const,
  )
  return new Map([...bare, ...Object.entries(evaluation?.metrics ?? {})])
}

function signatureFacts({ signature }: ModelVersion): Readonly<Record<string, unknown>> {
  const { inputs, ...rest } = signature
  return { ...rest, ...Object.fromEntries(inputs.map((input) => [`input ${input.name}`, input])) }
}

function lineageFacts({ lineage }: ModelVersion): Readonly<Record<string, unknown>> {
  const { snapshots, featureTables, ...rest } = lineage
  const named = (kind: string, digests: Readonly<Record<string, string>>) =>
    Object.entries(digests).map(([name, digest]) => [`${kind} ${name}`, digest] as const)
  return {
    ...rest,
    ...Object.fromEntries([
      ...named('snapshot', snapshots),
      ...named('feature table', featureTables),
    ]),
  }
}

function differences(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
): Difference[] {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
  return names
    .map((name) => ({ name, left: left[name], right: right[name] }))
    .filter(({ left: a, right: b }) => textOf(a) !== textOf(b))
}

function textOf(value: unknown): string {
  return value === undefined ? '' : canonicalJson(value)
}
