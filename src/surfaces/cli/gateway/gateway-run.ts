import type { Addresses } from '../../gateway-processes/index.ts'
import type { CommandCall } from '../command-session.ts'
import type { GatewayOrder } from './gateway-order.ts'

/** One run of `esteira gateway`. */
export interface GatewayRun {
  readonly call: CommandCall
  readonly order: GatewayOrder
  /** Told once everything answers. */
  readonly announce: (addresses: Addresses) => void
}
