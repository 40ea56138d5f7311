/** Tables of the access migration. */
export type AccessTables = object
