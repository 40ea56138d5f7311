import type { FeatureValue, OnlineStore } from '../../platform/storage/index.ts'
import { lookUpOnline, type OnlineView } from '../../stages/features/index.ts'
import type { Cell } from './decode-column.ts'
import type { DecodedRows } from './decode-rows.ts'
import { gatewayErrors } from './errors.ts'

export interface LookUpOptions {
  readonly online: OnlineStore
  readonly views: readonly OnlineView[]
  readonly missingFeatures: 'null' | 'error'
  /** The prediction's time, in milliseconds. */
  readonly timeMs: number
}

/** A row's feature values by input name; null where none is known and fresh. */
export type FeatureRow = Readonly<Record<string, FeatureValue>>

/**
 * Looks up the features of every row by its entity keys, as they may be known at the prediction's
 * time. An entity with an unknown (null) key has no features.
 * @throws FEATURE_MISSING when the policy is `error`
 */
export function lookUpViews(decoded: DecodedRows, options: LookUpOptions): readonly FeatureRow[] {
  const { online, views, missingFeatures, timeMs } = options
  const names = new Set(views.flatMap((view) => view.keys))
  return Array.from({ length: decoded.rows }, (_, row) => {
    const keys: Record<string, Cell> = {}
    for (const name of names) keys[name] = decoded.columns.get(name)?.[row] ?? null
    const { values, status } = lookUpOnline({ online, views, keys, predictionTimeMs: timeMs })
    const lacking = views.find(({ view }) => status[view] !== 'found')
    if (lacking !== undefined && missingFeatures === 'error') {
      const named = lacking.keys.map((name) => `${name} = ${JSON.stringify(keys[name])}`)
      throw gatewayErrors.FEATURE_MISSING({ view: lacking.view, row, keys: named.join(', ') })
    }
    return values
  })
}
