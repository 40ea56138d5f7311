import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../../platform/database/index.ts'
import { catalogErrors } from './errors.ts'

const PROMPT_TAG = 'mlflow.prompt.is_prompt'

/** Prompts are kept among models by some clients; they are shown only to those who ask for them. */
const NO_PROMPTS = sql<boolean>`NOT EXISTS (SELECT 1 FROM catalog_model_tags p
  WHERE p.model = m.number AND p.key = ${PROMPT_TAG} AND p.value = 'true')`

/** Conditions on `catalog_models m`. @throws FILTER_INVALID */
export function modelFilter(_dialect: Dialect, filter = ''): RawBuilder<boolean>[] {
  if (filter.trim() === '') return [NO_PROMPTS]
  throw catalogErrors.MODEL_SEARCH_INVALID({ reason: 'filters are not read yet' })
}

/** Conditions on `catalog_versions v` and its `catalog_models m`. @throws FILTER_INVALID */
export function versionFilter(_dialect: Dialect, filter = ''): RawBuilder<boolean>[] {
  if (filter.trim() === '') return [NO_PROMPTS]
  throw catalogErrors.MODEL_SEARCH_INVALID({ reason: 'filters are not read yet' })
}
