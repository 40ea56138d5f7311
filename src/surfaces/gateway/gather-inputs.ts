import type { DeploymentPolicy } from '../../core/records/index.ts'
import { assembleInputs, type ModelInputs } from './assemble-inputs.ts'
import { type DecodedRows, decodeRows } from './decode-rows.ts'
import type { FeatureLookup, LookedUp } from './features/look-up-features.ts'
import type { LoadedRevision } from './load-revision.ts'
import type { InferRequest } from './open-inference.ts'

export interface GatherParts {
  readonly features: FeatureLookup
  readonly policy: DeploymentPolicy
}

export interface GatherCall {
  readonly revision: LoadedRevision
  /** The prediction's time, in milliseconds. */
  readonly timeMs: number
  /** The request's start by `performance.now`. @default now */
  readonly startedAt?: number
}

export interface GatheredInputs {
  readonly inputs: ModelInputs
  /** The columns as they were sent. */
  readonly sent: DecodedRows['columns']
}

/**
 * What the model sees for a request: its columns, and the features looked up by them. At once where
 * nothing is looked up.
 */
export function gatherInputs(
  { features, policy }: GatherParts,
  request: InferRequest,
  { revision, timeMs, startedAt }: GatherCall,
): GatheredInputs | Promise<GatheredInputs> {
  const { plan, version } = revision
  const { views } = plan
  const decoded = decodeRows(request, plan, policy.maxBatchRows)
  const gathered = (found: LookedUp | undefined): GatheredInputs => {
    const inputs = assembleInputs(decoded, found, { signature: version.signature, policy })
    return { inputs, sent: decoded.columns }
  }
  if (views.length === 0) return gathered(undefined)
  const found = features.lookUp(decoded, { views, timeMs, startedAt })
  return found instanceof Promise ? found.then(gathered) : gathered(found)
}
