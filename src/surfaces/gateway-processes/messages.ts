import type { SerializedError } from '../../core/errors/index.ts'
import type { EndpointStatistics, EndpointTally } from '../gateway/index.ts'

/** What one process did and holds. */
export interface ProcessFigures {
  /** Its `/metrics`, with every endpoint. */
  readonly metrics: string
  /** By endpoint. */
  readonly tallies: Readonly<Record<string, EndpointTally>>
}

/** The same of all processes together. */
export interface GroupFigures {
  readonly metrics: string
  /** By endpoint. */
  readonly statistics: Readonly<Record<string, EndpointStatistics>>
}

export interface Addresses {
  /** Such as `http://127.0.0.1:8080`. */
  readonly http: string
  /** Such as `127.0.0.1:8081`; undefined without a port for gRPC. */
  readonly grpc: string | undefined
}

/** Why a worker cannot start, when a second try would fail alike. */
export interface RefusedStart extends SerializedError {
  readonly status: number
  readonly exit: string
}

/**
 * From the primary process to a worker.
 * @template Order what a worker is to do, told once at its start
 * @template News what it is told afterwards
 */
export type ToWorker<Order, News> =
  | { readonly kind: 'start'; readonly order: Order }
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'tell-figures'; readonly question: number }
  | { readonly kind: 'group-figures'; readonly question: number; readonly figures: GroupFigures }
  | { readonly kind: 'drain' }

/** From a worker to the primary process. */
export type ToPrimary =
  /** It can hear: messages before this one would be lost. */
  | { readonly kind: 'listening' }
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  | { readonly kind: 'refused'; readonly error: RefusedStart }
  /** Told every second, and when asked. */
  | { readonly kind: 'figures'; readonly question: number | null; readonly figures: ProcessFigures }
  | { readonly kind: 'ask-group-figures'; readonly question: number }
