import type { ModelSignature } from '../../core/records/index.ts'
import {
  assembleInputs as assemble,
  type ModelInputs,
  type Refusal,
  type ValidationPolicy,
} from '../../stages/serving/index.ts'
import type { DecodedRows } from './decode-rows.ts'
import { gatewayErrors } from './errors.ts'
import type { LookedUp } from './features/look-up-features.ts'

export type { ModelInputs } from '../../stages/serving/index.ts'

/**
 * What the model sees of a request's columns and features, by the rules of `stages/serving`.
 * @throws INPUT_OUT_OF_RANGE, INPUT_CATEGORY_UNKNOWN when the policy is `reject`
 */
export function assembleInputs(
  decoded: DecodedRows,
  found: LookedUp | undefined,
  options: { readonly signature: ModelSignature; readonly policy: ValidationPolicy },
): ModelInputs {
  const { refused, ...inputs } = assemble(
    {
      rows: decoded.rows,
      sent: (name) => decoded.columns.get(name),
      features: (name) => found?.columns.get(name),
      flags: found?.flags,
    },
    options,
  )
  const [first] = refused
  if (first !== undefined) throw refusalError(first)
  return inputs
}

/** Categories named in a refusal. */
const MOST_NAMED = 20

function refusalError(refusal: Refusal) {
  const { input, row } = refusal
  if (refusal.kind === 'out-of-range') {
    const { value, low, high } = refusal
    return gatewayErrors.INPUT_OUT_OF_RANGE({ input, row, value, low, high })
  }
  const { value, known } = refusal
  return gatewayErrors.INPUT_CATEGORY_UNKNOWN({
    input,
    row,
    value: value.slice(0, 100),
    known: known.slice(0, MOST_NAMED),
    more: Math.max(0, known.length - MOST_NAMED),
  })
}
