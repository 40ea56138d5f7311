import type { DeploymentPolicy } from '../../core/records/index.ts'
import { assembleInputs, type ModelInputs } from './assemble-inputs.ts'
import { type DecodedRows, decodeRows } from './decode-rows.ts'
import type { FeatureLookup } from './features/look-up-features.ts'
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

/** What the model sees for a request: its columns, and the features looked up by them. */
export async function gatherInputs(
  { features, policy }: GatherParts,
  request: InferRequest,
  { revision, timeMs, startedAt }: GatherCall,
): Promise<GatheredInputs> {
  const { plan, version } = revision
  const { views } = plan
  const decoded = decodeRows(request, plan, policy.maxBatchRows)
  const found =
    views.length === 0 ? undefined : await features.lookUp(decoded, { views, timeMs, startedAt })
  const inputs = assembleInputs(decoded, found, { signature: version.signature, policy })
  return { inputs, sent: decoded.columns }
}
