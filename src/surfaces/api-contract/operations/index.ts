import type { Operations } from '../operation.ts'
import { ACCESS_OPERATIONS } from './access.ts'
import { GOVERNANCE_OPERATIONS } from './governance.ts'
import { LIFECYCLE_OPERATIONS } from './lifecycle.ts'
import { RECORD_OPERATIONS } from './records.ts'
import { REGISTRY_OPERATIONS } from './registry.ts'
import { SERVER_OPERATIONS } from './server.ts'
import { TRACKING_OPERATIONS } from './tracking.ts'

/** Every operation of the API, by name: `resource.verb`. */
export const OPERATIONS = {
  ...SERVER_OPERATIONS,
  ...TRACKING_OPERATIONS,
  ...REGISTRY_OPERATIONS,
  ...GOVERNANCE_OPERATIONS,
  ...LIFECYCLE_OPERATIONS,
  ...RECORD_OPERATIONS,
  ...ACCESS_OPERATIONS,
} satisfies Operations

export type OperationTable = typeof OPERATIONS
export type OperationName = keyof OperationTable
