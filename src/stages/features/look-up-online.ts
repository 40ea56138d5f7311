import type { Entity, FeatureView, InputColumn } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import type { FeatureValue, OnlineStore, SqlValue } from '../../platform/storage/index.ts'
import { featureOfInput } from './feature-names.ts'

/** A feature view as a request meets it; made once per model with `onlineViews`. */
export interface OnlineView {
  readonly view: string
  /** Names of the entity's keys, in the store's order. */
  readonly keys: readonly string[]
  readonly availabilityDelayMs: number
  readonly timeToLiveMs: number | null
  readonly inputs: readonly { readonly feature: string; readonly name: string }[]
}

/**
 * `missing`: no value of this entity is known, or the one kept was not available yet at the time
 * asked for. `stale`: the newest value is past its time to live. Both give nulls.
 */
export type LookupStatus = 'found' | 'missing' | 'stale'

export interface OnlineLookup {
  /** By input name; null where the view has no usable value. */
  readonly values: Record<string, FeatureValue>
  readonly status: Record<string, LookupStatus>
}

/** The feature views that a model's inputs come from. */
export function onlineViews(options: {
  readonly inputs: readonly InputColumn[]
  readonly views: Readonly<Record<string, FeatureView>>
  readonly entities: Readonly<Record<string, Entity>>
}): OnlineView[] {
  const names = new Set(options.inputs.flatMap(({ view }) => view ?? []))
  return [...names].flatMap((name) => {
    const view = options.views[name]
    const entity = view && options.entities[view.entity]
    if (view === undefined || entity === undefined) return []
    const inputs = options.inputs.filter((input) => input.view === name)
    return {
      view: name,
      keys: entity.keys,
      availabilityDelayMs: durationMs(view.availabilityDelay),
      timeToLiveMs: view.timeToLive === undefined ? null : durationMs(view.timeToLive),
      inputs: inputs.map((input) => {
        return { feature: featureOfInput(name, input.name), name: input.name }
      }),
    }
  })
}

/**
 * The features of one request, by the same two rules as the point-in-time join. A missing key is a
 * missing value: whether that is refused is the endpoint's policy.
 */
export function lookUpOnline(options: {
  readonly online: OnlineStore
  readonly views: readonly OnlineView[]
  /** The request's entity keys by name, of the same types as in the feature tables. */
  readonly keys: Readonly<Record<string, SqlValue>>
  readonly predictionTimeMs: number
}): OnlineLookup {
  const values: Record<string, FeatureValue> = {}
  const status: Record<string, LookupStatus> = {}
  for (const view of options.views) {
    const found = newest(options.online, view, options.keys)
    const standing = judge(found?.eventTimeMs, view, options.predictionTimeMs)
    status[view.view] = standing
    for (const { feature, name } of view.inputs) {
      values[name] = standing === 'found' ? (found?.values[feature] ?? null) : null
    }
  }
  return { values, status }
}

function newest(online: OnlineStore, view: OnlineView, keys: Readonly<Record<string, SqlValue>>) {
  const entity: SqlValue[] = []
  for (const key of view.keys) {
    const value = keys[key]
    if (value === undefined || value === null) return undefined
    entity.push(value)
  }
  return online.get(view.view, entity)
}

function judge(
  eventTimeMs: number | undefined,
  view: OnlineView,
  predictionTimeMs: number,
): LookupStatus {
  if (eventTimeMs === undefined) return 'missing'
  if (eventTimeMs + view.availabilityDelayMs > predictionTimeMs) return 'missing'
  const age = predictionTimeMs - eventTimeMs
  return view.timeToLiveMs !== null && age > view.timeToLiveMs ? 'stale' : 'found'
}
