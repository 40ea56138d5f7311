/** Tables of the tracking migration. */
export type TrackingTables = object
