import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../../platform/database/index.ts'
import {
  type Condition,
  numberCondition,
  textCondition,
} from '../../../platform/tracking/filter/index.ts'
import {
  type Comparison,
  MODEL_VERSION_GRAMMAR,
  parseFilter,
  REGISTERED_MODEL_GRAMMAR,
  trackingErrors,
} from '../../../platform/tracking/index.ts'

const PROMPT_TAG = 'mlflow.prompt.is_prompt'

/** Prompts are kept among models by some clients; they are shown only to those who ask for them. */
const NO_PROMPTS = sql<boolean>`NOT EXISTS (SELECT 1 FROM catalog_model_tags p
  WHERE p.model = m.number AND p.key = ${PROMPT_TAG} AND p.value = 'true')`

export const MODEL_COLUMNS: Readonly<Record<string, string>> = {
  name: 'm.name',
  creation_timestamp: 'm.created_at_ms',
  last_updated_timestamp: 'm.updated_at_ms',
}

export const VERSION_COLUMNS: Readonly<Record<string, string>> = {
  name: 'm.name',
  version_number: 'v.version',
  run_id: 'v.run_id',
  source_path: 'v.source',
  creation_timestamp: 'v.created_at_ms',
  last_updated_timestamp: 'v.updated_at_ms',
}

/** Where the tags of a kind of thing are: a table `t`, and what ties it to the thing. */
const MODEL_TAGS = sql`catalog_model_tags t WHERE t.model = m.number`
const VERSION_TAGS = sql`catalog_version_tags t WHERE t.model = v.model AND t.version = v.version`

/** Conditions on `catalog_models m`. @throws FILTER_INVALID */
export function modelFilter(dialect: Dialect, filter = ''): Condition[] {
  const comparisons = parseFilter(filter, REGISTERED_MODEL_GRAMMAR)
  return conditions(comparisons, { dialect, columns: MODEL_COLUMNS, tags: MODEL_TAGS })
}

/** Conditions on `catalog_versions v` and its `catalog_models m`. @throws FILTER_INVALID */
export function versionFilter(dialect: Dialect, filter = ''): Condition[] {
  const comparisons = parseFilter(filter, MODEL_VERSION_GRAMMAR)
  return conditions(comparisons, { dialect, columns: VERSION_COLUMNS, tags: VERSION_TAGS })
}

interface Target {
  readonly dialect: Dialect
  readonly columns: Readonly<Record<string, string>>
  readonly tags: RawBuilder<unknown>
}

function conditions(comparisons: readonly Comparison[], target: Target): Condition[] {
  const asked = comparisons.find(isAboutPrompts)
  const wantsPrompts = asked !== undefined && asksForPrompts(asked)
  const others = wantsPrompts ? comparisons : comparisons.filter((one) => !isAboutPrompts(one))
  const found = others.map((comparison) => conditionOf(comparison, target))
  return wantsPrompts ? found : [NO_PROMPTS, ...found]
}

function isAboutPrompts({ kind, key }: Comparison): boolean {
  return kind === 'tag' && key === PROMPT_TAG
}

function asksForPrompts({ comparator, value }: Comparison): boolean {
  const text = String(value).toLowerCase()
  return (comparator === '=' && text === 'true') || (comparator === '!=' && text === 'false')
}

function conditionOf(comparison: Comparison, { dialect, columns, tags }: Target): Condition {
  const { kind, key, comparator, value } = comparison
  if (kind === 'tag') {
    const holds = textCondition(dialect, sql.ref('t.value'), comparison)
    return sql<boolean>`EXISTS (SELECT 1 FROM ${tags} AND t.key = ${key} AND ${holds})`
  }
  const name = columns[key]
  if (name === undefined) throw new TypeError(`no column for ${key}`)
  const column = sql.ref(name)
  if (typeof value !== 'number') return textCondition(dialect, column, comparison)
  if (!Number.isSafeInteger(value)) {
    throw trackingErrors.FILTER_INVALID({
      text: String(value),
      position: 0,
      reason: `invalid value for the numeric attribute "${key}"`,
      hint: 'Write a whole number without quotes.',
    })
  }
  return numberCondition(column, comparator, value)
}
