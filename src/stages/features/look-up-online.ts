import type { Entity, FeatureView, InputColumn } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import type {
  FeatureValue,
  OnlineRequest,
  OnlineRow,
  SqlValue,
} from '../../platform/storage/index.ts'
import { featureOfInput } from './feature-names.ts'

/** An input of a model that is a view's feature. */
export interface OnlineInput {
  readonly feature: string
  readonly name: string
  /** What the view's `defaults` say; null where they say nothing. */
  readonly default: FeatureValue
}

/** A feature view as a request meets it; made once per model with `onlineViews`. */
export interface OnlineView {
  readonly view: string
  /** Names of the entity's keys, in the store's order. */
  readonly keys: readonly string[]
  readonly availabilityDelayMs: number
  readonly timeToLiveMs: number | null
  readonly inputs: readonly OnlineInput[]
}

/**
 * `missing`: no value of this entity is known, or the one kept was not available yet at the time
 * asked for. `stale`: the newest value is past its time to live.
 */
export type LookupStatus = 'found' | 'missing' | 'stale'

/** What one view has for each row. */
export interface OnlineLookup {
  readonly view: OnlineView
  /** Rows that may be used; undefined unless `found`. */
  readonly rows: readonly (OnlineRow | undefined)[]
  readonly status: readonly LookupStatus[]
}

/** What rows ask the online store. */
export interface OnlineQuestion {
  readonly views: readonly OnlineView[]
  readonly rows: number
  readonly requests: readonly OnlineRequest[]
  /** By view, then by row: the place among the requests; -1 for a row without all of its keys. */
  readonly places: readonly (readonly number[])[]
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
        const feature = featureOfInput(name, input.name)
        return { feature, name: input.name, default: view.defaults[feature] ?? null }
      }),
    }
  })
}

/**
 * All that some rows ask, in one question. A row with a missing key asks nothing of that view: its
 * entity is not known.
 * @param cells the rows' entity keys by name, of the same types as in the feature tables
 */
export function askOnline(
  views: readonly OnlineView[],
  rows: number,
  cells: (key: string) => readonly SqlValue[] | undefined,
): OnlineQuestion {
  const requests: OnlineRequest[] = []
  const places: number[][] = []
  for (const { view, keys: names } of views) {
    const columns: (readonly SqlValue[] | undefined)[] = []
    for (const name of names) columns.push(cells(name))
    const ofView: number[] = []
    for (let row = 0; row < rows; row++) {
      const keys = keysOf(columns, row)
      ofView.push(keys === undefined ? -1 : requests.length)
      if (keys !== undefined) requests.push({ view, keys })
    }
    places.push(ofView)
  }
  return { views, rows, requests, places }
}

/** Undefined when one of them is not known. Once a row and view: it makes no functions. */
function keysOf(
  columns: readonly (readonly SqlValue[] | undefined)[],
  row: number,
): SqlValue[] | undefined {
  const keys: SqlValue[] = []
  for (const column of columns) {
    const key = column?.[row]
    if (key === undefined || key === null) return undefined
    keys.push(key)
  }
  return keys
}

/**
 * The features of the rows, by the same two rules as the point-in-time join. Whether a missing
 * value is refused is the endpoint's policy.
 * @param found the store's answers, in the order of the requests
 * @param timesMs when each row's prediction is made, or one time for all, in milliseconds
 */
export function judgeOnline(
  { views, places }: OnlineQuestion,
  found: readonly (OnlineRow | undefined)[],
  timesMs: number | ArrayLike<number>,
): OnlineLookup[] {
  return views.map((view, index) => {
    const rows: (OnlineRow | undefined)[] = []
    const status: LookupStatus[] = []
    const ofView = places[index] ?? []
    for (let row = 0; row < ofView.length; row++) {
      const newest = found[ofView[row] ?? -1]
      const timeMs = typeof timesMs === 'number' ? timesMs : (timesMs[row] ?? Number.NaN)
      const standing = judge(newest?.eventTimeMs, view, timeMs)
      status.push(standing)
      rows.push(standing === 'found' ? newest : undefined)
    }
    return { view, rows, status }
  })
}

function judge(
  eventTimeMs: number | undefined,
  view: OnlineView,
  predictionTimeMs: number,
): LookupStatus {
  if (eventTimeMs === undefined) return 'missing'
  // Written so that a time that is no number finds nothing.
  if (!(eventTimeMs + view.availabilityDelayMs <= predictionTimeMs)) return 'missing'
  const age = predictionTimeMs - eventTimeMs
  return view.timeToLiveMs !== null && age > view.timeToLiveMs ? 'stale' : 'found'
}
