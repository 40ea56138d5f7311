import type { DeploymentPolicy } from '../../../core/records/index.ts'
import { durationMs } from '../../../core/time/index.ts'
import type { OnlineRow, OnlineStore } from '../../../platform/storage/index.ts'
import {
  askOnline,
  type FeatureColumns,
  judgeOnline,
  type OnlineLookup,
  type OnlineQuestion,
  type OnlineView,
  onlineColumns,
} from '../../../stages/features/index.ts'
import type { DecodedRows } from '../decode-rows.ts'
import { gatewayErrors } from '../errors.ts'
import { createFeatureTally, type FeatureCounts, type FeatureTally } from './feature-counts.ts'
import { createFeatureReader, type FeatureAnswer, type FeatureReader } from './feature-reader.ts'

export interface LookedUp {
  readonly columns: FeatureColumns
  /** Flags by row; undefined when no row has any. */
  readonly flags: readonly (readonly string[])[] | undefined
}

export interface LookUpCall {
  readonly views: readonly OnlineView[]
  /** The prediction's time, in milliseconds. */
  readonly timeMs: number
  /** The request's start by `performance.now`; the store's deadline counts from there. @default now */
  readonly startedAt?: number | undefined
}

/** Looks features up for one endpoint, by its policy. */
export interface FeatureLookup {
  /**
   * The features of every row by its entity keys, as they may be known at the prediction's time. An
   * entity with an unknown (null) key has no features. Without a promise when the store has its
   * rows at once; then errors are thrown at once, too.
   * @throws FEATURE_MISSING, FEATURE_STORE_LATE, FEATURE_STORE_FAILED when the policy says `error`
   */
  lookUp(decoded: DecodedRows, call: LookUpCall): LookedUp | Promise<LookedUp>
  readonly counts: FeatureCounts
}

export type FeaturePolicy = Pick<DeploymentPolicy, 'missingFeatures' | 'featureStore'>

const NOTHING: LookedUp = { columns: new Map(), flags: undefined }

/** @param policyNow read at each request: it may change while the endpoint runs */
export function createFeatureLookup(
  online: OnlineStore,
  policyNow: () => FeaturePolicy,
): FeatureLookup {
  const reader = createFeatureReader({ online })
  const tally = createFeatureTally()
  const deadlineOf = rememberDeadline()
  return {
    counts: tally.counts,
    lookUp(decoded, { views, timeMs, startedAt }) {
      if (views.length === 0) return NOTHING
      const policy = policyNow()
      const question = askOnline(views, decoded.rows, (key) => decoded.columns.get(key))
      const parts: Parts = { policy, tally, reader, timeMs, decoded, question }
      if (question.requests.length === 0) return answered([], parts)
      const { featureStore } = policy
      const answer = reader.read(question.requests, {
        deadlineMs: deadlineOf(featureStore),
        startedAt,
        keeps: featureStore.onFailure === 'last-value',
      })
      if (answer instanceof Promise) return answer.then((later) => concluded(later, parts))
      return concluded(answer, parts)
    },
  }
}

/** The deadline of a policy in milliseconds: its text is read once, not at each request. */
function rememberDeadline(): (policy: FeaturePolicy['featureStore']) => number {
  let known: FeaturePolicy['featureStore'] | undefined
  let deadlineMs = 0
  return (policy) => {
    if (policy !== known) {
      deadlineMs = durationMs(policy.deadline)
      known = policy
    }
    return deadlineMs
  }
}

/** One request's. */
interface Parts {
  readonly policy: FeaturePolicy
  readonly tally: FeatureTally
  readonly reader: FeatureReader
  readonly timeMs: number
  readonly decoded: DecodedRows
  readonly question: OnlineQuestion
}

function concluded(answer: FeatureAnswer, parts: Parts): LookedUp {
  return answer.outcome === 'answered' ? answered(answer.rows, parts) : fallenBack(answer, parts)
}

function answered(
  found: readonly (OnlineRow | undefined)[],
  { policy, tally, timeMs, decoded, question }: Parts,
): LookedUp {
  const lookups = judgeOnline(question, found, timeMs)
  for (const { view, status } of lookups) for (const each of status) tally.count(view.view, each)
  if (policy.missingFeatures === 'error') refuseMissing(decoded, lookups)
  const takesDefault = policy.missingFeatures === 'default' ? always : never
  return { columns: onlineColumns(lookups, takesDefault), flags: undefined }
}

const always = () => true
const never = () => false

/** @throws FEATURE_MISSING of the first row that lacks a view's features */
function refuseMissing(decoded: DecodedRows, lookups: readonly OnlineLookup[]): void {
  for (let row = 0; row < decoded.rows; row++) {
    for (const { view, status } of lookups) {
      if (status[row] === 'found') continue
      const named = view.keys.map(
        (name) => `${name} = ${JSON.stringify(decoded.columns.get(name)?.[row] ?? null)}`,
      )
      throw gatewayErrors.FEATURE_MISSING({ view: view.view, row, keys: named.join(', ') })
    }
  }
}

/** What is answered without the store: by the same two rules, from what was seen before. */
function fallenBack(
  answer: Exclude<FeatureAnswer, { readonly outcome: 'answered' }>,
  { policy, tally, reader, timeMs, question }: Parts,
): LookedUp {
  const { onFailure, deadline } = policy.featureStore
  const flags: string[][] = Array.from({ length: question.rows }, () => [])
  const isAsked = new Map<string, (row: number) => boolean>()
  for (const [index, { view }] of question.views.entries()) {
    const places = question.places[index] ?? []
    isAsked.set(view, (row) => (places[row] ?? -1) >= 0)
    for (const [row, place] of places.entries()) {
      tally.count(view, place < 0 ? 'missing' : answer.outcome)
      if (place >= 0) flags[row]?.push(`feature-fallback:${view}`)
    }
  }
  if (onFailure === 'error') {
    const views = [...new Set(question.requests.map(({ view }) => view))]
    if (answer.outcome === 'late') {
      const deadlineMs = durationMs(deadline)
      throw gatewayErrors.FEATURE_STORE_LATE({ views, deadlineMs, retryAfterSeconds: 1 })
    }
    throw gatewayErrors.FEATURE_STORE_FAILED({ views, retryAfterSeconds: 1 }, answer.cause)
  }
  const last = question.requests.map((request) => reader.lastValue(request))
  const columns = onlineColumns(
    judgeOnline(question, last, timeMs),
    (view, row) => isAsked.get(view)?.(row) === true || policy.missingFeatures === 'default',
  )
  return { columns, flags }
}
