import type { OnlineStore } from '../../platform/storage/index.ts'
import type { Cell } from './decode-column.ts'
import type { DecodedRows } from './decode-rows.ts'
import { gatewayErrors } from './errors.ts'
import type { LookedUpView } from './request-columns.ts'

export interface LookUpOptions {
  readonly online: OnlineStore
  readonly views: readonly LookedUpView[]
  readonly missingFeatures: 'null' | 'error'
  /** The prediction's time, in milliseconds. */
  readonly timeMs: number
}

/** A row's feature values by view; undefined where none is known and fresh. */
export type FeatureRow = ReadonlyMap<string, Readonly<Record<string, Cell>> | undefined>

/**
 * Looks up the features of every row by its entity keys, as they may be known at the prediction's
 * time. An entity with an unknown (null) key has no features.
 * @throws FEATURE_MISSING when the policy is `error`
 */
export function lookUpViews(decoded: DecodedRows, options: LookUpOptions): FeatureRow[] {
  return Array.from({ length: decoded.rows }, (_, row) => {
    const features = new Map<string, Readonly<Record<string, Cell>> | undefined>()
    for (const view of options.views) {
      const keys = view.keys.map((name) => decoded.columns.get(name)?.[row] ?? null)
      const values = freshValues(view, keys, options)
      if (values === undefined && options.missingFeatures === 'error') {
        const named = view.keys.map((name, i) => `${name} = ${JSON.stringify(keys[i])}`)
        throw gatewayErrors.FEATURE_MISSING({ view: view.view, row, keys: named.join(', ') })
      }
      features.set(view.view, values)
    }
    return features
  })
}

function freshValues(
  view: LookedUpView,
  keys: readonly Cell[],
  { online, timeMs }: LookUpOptions,
): Readonly<Record<string, Cell>> | undefined {
  if (keys.includes(null)) return undefined
  const found = online.get(view.view, keys)
  if (found === undefined) return undefined
  const age = timeMs - found.eventTimeMs
  return age >= view.availabilityDelayMs && age <= view.timeToLiveMs ? found.values : undefined
}
