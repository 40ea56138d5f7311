import type { DeploymentPolicy } from '../../core/records/index.ts'
import { decodeRows } from './decode-rows.ts'
import type { InferRequest } from './open-inference.ts'
import type { ServedEndpoint } from './served-endpoint.ts'

/**
 * What an A/B run assigns a request by; undefined when none is under way, when the request names no
 * key, and when its rows name several: such a request meets the stable revision outside the run.
 */
export function exposureKey(
  request: InferRequest,
  parts: { readonly endpoint: ServedEndpoint; readonly policy: DeploymentPolicy },
): string | undefined {
  const { serving } = parts.endpoint
  if (serving?.trial?.kind !== 'ab-test') return undefined
  const { key } = serving.trial.strategy
  if (key === 'parameters.key') return request.key
  const revision = parts.endpoint.pool.get(serving.stable)
  if (revision === undefined) return undefined
  const cells = cellsOf(key.column)
  const [first] = cells
  if (first === undefined || first === null) return undefined
  return cells.every((cell) => cell === first) ? String(first) : undefined

  function cellsOf(column: string) {
    try {
      const plan = revision?.plan ?? { columns: [], views: [], computed: [] }
      return decodeRows(request, plan, parts.policy.maxBatchRows).columns.get(column) ?? []
    } catch {
      // What is wrong with the request is said where it is answered.
      return []
    }
  }
}
