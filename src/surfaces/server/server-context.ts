import type { FastifyInstance } from 'fastify'
import type { AuditTrail } from '../../assurance/audit/index.ts'
import type { Access } from '../../assurance/security/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type { ChangeListener, Database } from '../../platform/database/index.ts'
import type { Telemetry } from '../../platform/telemetry/index.ts'
import type { ServerConfig } from './config/server-config.ts'

/** What every plugin of the server works with. */
export interface ServerContext {
  readonly database: Database
  readonly access: Access
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly config: ServerConfig
  /** Told of every change in its transaction, once and last; the audit trail's. */
  readonly listener: ChangeListener
  /** Where the server keeps its files. */
  readonly dataFolder: string
  /** Told of faults of the server itself; callers' mistakes are answered, not logged. */
  readonly logger: (message: string, cause: unknown) => void
  /** Where requests are traced to; undefined when nowhere. */
  readonly telemetry?: Telemetry | undefined
}

/**
 * A part of the server with routes of its own. It is registered in its own encapsulation: hooks,
 * parsers and error handlers that it sets hold for its routes alone.
 */
export type ServerPlugin = (app: FastifyInstance, context: ServerContext) => Promise<void>
