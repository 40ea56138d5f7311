export { type AvailableRow, availabilityStream } from './availability-stream.ts'
export { buildFrame } from './build-frame.ts'
export { computeFeatureView, type FeatureViewOptions } from './compute-feature-view.ts'
export { errors as featureErrors } from './errors.ts'
export type { FrameOptions } from './frame-options.ts'
export {
  askOnline,
  judgeOnline,
  type LookupStatus,
  type OnlineLookup,
  type OnlineQuestion,
  type OnlineView,
  onlineViews,
} from './look-up-online.ts'
export { type FeatureColumns, onlineColumns } from './online-columns.ts'
export { pointInTimeJoinSql, type ViewToJoin } from './point-in-time-join-sql.ts'
export { publishOnline } from './publish-online.ts'
/** @public */
export { resolveInputs } from './resolve-inputs.ts'
