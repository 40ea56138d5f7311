import type { Project } from '../../core/records/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type { PredictionLog } from '../../platform/prediction-log/index.ts'
import type { ArtifactStore, OnlineStore, RecordStore } from '../../platform/storage/index.ts'
import type { Telemetry } from '../../platform/telemetry/index.ts'
import type { HttpLimits } from '../server/index.ts'
import type { RequestObserver } from './admission/probing/request-observer.ts'
import type { PayloadLogOptions } from './events/payload-log.ts'
import type { GatewayGroup } from './gateway-group.ts'

/** One project's endpoint: where its parts live, and how it is served. */
export interface EndpointOptions {
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
  /** A sink that is told what was asked and answered. @default none */
  readonly payloadLog?: PayloadLogOptions | undefined
  /** Told of every answered request, beside the built-in watch for probing. @default nobody */
  readonly observers?: readonly RequestObserver[]
  /** Milliseconds between looks at the endpoint's stored state. @default 1,000 */
  readonly pollEveryMs?: number
  /** Keeps the stable revision in memory whatever the memory budget says. @default false */
  readonly isPinned?: boolean
}

/** What all endpoints of a gateway share. */
export interface SharedOptions {
  /** Told of faults of the gateway itself; callers' mistakes are answered, not logged. */
  readonly logger?: (message: string, cause: unknown) => void
  /** Bytes of a request's body. @default 4 MiB */
  readonly maxBodyBytes?: number
  /** Of a server of its own. @default ten seconds for headers, a minute for a request, 10,000 connections */
  readonly httpLimits?: Partial<HttpLimits>
  /** Demanded of every request when given. @default the variable ESTEIRA_GATEWAY_TOKEN */
  readonly token?: string | undefined
  /** Where requests are traced to, by a gateway with a server of its own. @default nowhere */
  readonly telemetry?: Telemetry | undefined
  /**
   * Bytes that the models in memory may take together, as `estimateMemory` has it; beyond it the
   * least recently used leave, and come back when they are asked for. @default no limit
   */
  readonly memoryBudgetBytes?: number | undefined
  /**
   * Whether this process has more than one core to itself, so that small models compute beside the
   * event loop. @default whether the process may use more than one
   */
  readonly hasSpareCore?: boolean | undefined
  /** Asked for metrics and statistics when several processes answer. @default this process alone */
  readonly group?: GatewayGroup | undefined
}

/** A gateway of one endpoint. */
export interface GatewayOptions extends EndpointOptions, SharedOptions {}

/** A gateway of several endpoints, each with a name of its own. */
export interface GatewayServiceOptions extends SharedOptions {
  readonly endpoints: readonly EndpointOptions[]
}
