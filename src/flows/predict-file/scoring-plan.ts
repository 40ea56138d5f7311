import type { DatasetRecord, ModelVersion, Project } from '../../core/records/index.ts'
import { type OnlineView, onlineViews } from '../../stages/features/index.ts'
import { predictFileErrors } from './errors.ts'

/** One column that the file must have. */
export interface ScoringColumn {
  readonly name: string
  /** `any` for an entity key whose type no record tells. */
  readonly kind: 'number' | 'text' | 'any'
}

/** Where a model's inputs come from: the file's columns, or feature views by entity key. */
export interface ScoringPlan {
  readonly columns: readonly ScoringColumn[]
  readonly views: readonly OnlineView[]
}

/**
 * What the file of a version must have: the same columns that a request to the gateway has.
 * @param dataset the version's dataset, which tells the types of entity keys
 * @throws FEATURE_HISTORY_MISSING when the project no longer has a feature view of the model
 */
export function planScoring(
  version: ModelVersion,
  project: Project,
  dataset: DatasetRecord | undefined,
): ScoringPlan {
  const { inputs } = version.signature
  const { featureViews, entities } = project
  const views = onlineViews({ inputs, views: featureViews, entities })
  for (const { view } of inputs) {
    if (view === null || views.some((known) => known.view === view)) continue
    throw predictFileErrors.FEATURE_HISTORY_MISSING({ view, reason: 'the project lacks the view' })
  }
  const columns: ScoringColumn[] = inputs.filter(({ view }) => view === null)
  for (const name of new Set(views.flatMap((view) => view.keys))) {
    if (columns.some((column) => column.name === name)) continue
    const type = dataset?.columns.find((column) => column.name === name)?.type
    columns.push({ name, kind: keyKind(type) })
  }
  return { columns: columns.map(({ name, kind }) => ({ name, kind })), views }
}

function keyKind(type: string | undefined): ScoringColumn['kind'] {
  if (type === undefined) return 'any'
  if (/^VARCHAR/.test(type)) return 'text'
  return /INT|DOUBLE|FLOAT|DECIMAL/.test(type) ? 'number' : 'any'
}
