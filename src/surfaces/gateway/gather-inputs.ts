import type { DeploymentPolicy } from '../../core/records/index.ts'
import type { OnlineStore } from '../../platform/storage/index.ts'
import { assembleInputs, type ModelInputs } from './assemble-inputs.ts'
import { type DecodedRows, decodeRows } from './decode-rows.ts'
import type { LoadedRevision } from './load-revision.ts'
import { lookUpViews } from './look-up-views.ts'
import type { InferRequest } from './open-inference.ts'

export interface GatherParts {
  readonly online: OnlineStore
  readonly policy: DeploymentPolicy
}

export interface GatheredInputs {
  readonly inputs: ModelInputs
  /** The columns as they were sent. */
  readonly sent: DecodedRows['columns']
}

/** What the model sees for a request: its columns, and the features looked up by them. */
export async function gatherInputs(
  { online, policy }: GatherParts,
  request: InferRequest,
  { revision, timeMs }: { readonly revision: LoadedRevision; readonly timeMs: number },
): Promise<GatheredInputs> {
  const { plan, version } = revision
  const decoded = decodeRows(request, plan, policy.maxBatchRows)
  const features = lookUpViews(decoded, {
    online,
    views: plan.views,
    missingFeatures: policy.missingFeatures === 'error' ? 'error' : 'null',
    timeMs,
  })
  const { signature } = version
  const { outOfRange } = policy
  const inputs = assembleInputs(decoded, features, { signature, outOfRange })
  return { inputs, sent: decoded.columns }
}
