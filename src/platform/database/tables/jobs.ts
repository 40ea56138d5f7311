/** Tables of the jobs migration. */
export type JobTables = object
