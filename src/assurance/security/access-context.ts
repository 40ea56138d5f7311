import type { Clock } from '../../core/time/index.ts'
import type { ChangeListener, Database } from '../../platform/database/index.ts'

/** What the parts of access work with. */
export interface AccessContext {
  readonly database: Database
  readonly clock: Clock
  readonly listener: ChangeListener
}
