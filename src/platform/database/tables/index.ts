import type { AccessTables } from './access.ts'
import type { ApiTables } from './api.ts'
import type { AuditTables } from './audit.ts'
import type { CatalogTables } from './catalog.ts'
import type { JobTables } from './jobs.ts'
import type { RecordTables } from './records.ts'
import type { TrackingTables } from './tracking.ts'

/** Every table of the metadata database, for the query builder. */
export interface DatabaseTables
  extends RecordTables,
    TrackingTables,
    CatalogTables,
    AccessTables,
    AuditTables,
    JobTables,
    ApiTables {}
