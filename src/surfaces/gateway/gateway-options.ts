import type { Project } from '../../core/records/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type {
  ArtifactStore,
  OnlineStore,
  PredictionLog,
  RecordStore,
} from '../../platform/storage/index.ts'
import type { PayloadLogOptions } from './events/payload-log.ts'

export interface GatewayOptions {
  readonly store: RecordStore
  readonly artifacts: ArtifactStore
  readonly online: OnlineStore
  readonly log: PredictionLog
  readonly project: Project
  readonly clock: Clock
  /** Told of faults of the gateway itself; callers' mistakes are answered, not logged. */
  readonly logger?: (message: string, cause: unknown) => void
  /**
   * Lets a request say at what time it asks, in `parameters.time`: for replays of history.
   * @default false
   */
  readonly acceptRequestTime?: boolean
  /** Bytes of a request's body. @default 4 MiB */
  readonly maxBodyBytes?: number
  /** A sink that is told what was asked and answered. @default none */
  readonly payloadLog?: PayloadLogOptions | undefined
  /** Milliseconds between looks at the endpoint's stored state. @default 1,000 */
  readonly pollEveryMs?: number
  /** Demanded of every request when given. @default the variable ESTEIRA_GATEWAY_TOKEN */
  readonly token?: string | undefined
}
