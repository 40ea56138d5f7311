import type { Tags } from '../../platform/tracking/index.ts'
import { mlflowErrors } from './errors.ts'

/** MLflow keeps prompts as registered models with this tag. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt'

/** A prompt must not end as a model without files. @throws MLFLOW_UNSUPPORTED */
export function refusePrompts(tags: Tags): void {
  if (Object.hasOwn(tags, PROMPT_TAG) && tags[PROMPT_TAG]?.toLowerCase() === 'true') {
    throw mlflowErrors.MLFLOW_UNSUPPORTED({ what: 'The prompt registry' })
  }
}
