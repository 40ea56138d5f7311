import type { AuditTrail } from '../../assurance/audit/index.ts'
import type { Access } from '../../assurance/security/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type { ChangeListener, Database } from '../../platform/database/index.ts'
import type { TrackingStore } from '../../platform/tracking/index.ts'
import type { ModelCatalog } from '../../stages/registry/catalog/index.ts'
import type { Governance } from '../../stages/registry/governance/index.ts'
import type { LifecycleWork } from './lifecycle-work.ts'

/** What the handlers of the API work with. */
export interface ApiContext {
  readonly database: Database
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  readonly governance: Governance
  readonly lifecycle: LifecycleWork
  readonly access: Access
  readonly audit: AuditTrail
  readonly listener: ChangeListener
  readonly clock: Clock
  /** The release of this server. */
  readonly version: string
  readonly startedAtMs: number
}
