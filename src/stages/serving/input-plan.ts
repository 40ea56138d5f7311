import type { DatasetRecord, ModelVersion, Project } from '../../core/records/index.ts'
import { type OnlineView, onlineViews } from '../features/index.ts'
import { inputRules } from './input-rules.ts'

/** One column that the caller sends, or that a file has. */
export interface RequestColumn {
  readonly name: string
  /** `any` for an entity key whose type no record tells. */
  readonly kind: 'number' | 'text' | 'any'
  /** What the metadata advertises. */
  readonly datatype: string
  readonly isInput: boolean
  readonly isKey: boolean
}

/** Where a model's inputs come from: the caller's columns, a feature view by entity key, or both. */
export interface InputPlan {
  readonly columns: readonly RequestColumn[]
  readonly views: readonly OnlineView[]
  /** Inputs that are computed from the others, so that nobody sends them. */
  readonly computed: readonly string[]
}

/**
 * Plans the inputs of a version. The caller sends the model's own columns and the keys of the
 * entities whose features the model uses.
 * @param dataset the version's dataset, which tells the types of entity keys
 * @throws Error when the project no longer has a feature view of the model, or its entity; or
 * when an expression of the version does not fit
 */
export function planInputs(
  version: Pick<ModelVersion, 'signature'>,
  project: Project,
  dataset: DatasetRecord | undefined,
): InputPlan {
  const { inputs } = version.signature
  // Whatever is wrong with an expression is said before the first request.
  inputRules(version.signature)
  for (const { view } of inputs) if (view !== null) requireView(view, project)
  const { featureViews, entities } = project
  const views = onlineViews({ inputs, views: featureViews, entities })
  const keys = new Set(views.flatMap((view) => view.keys))
  const isComputed = ({ onDemand }: (typeof inputs)[number]) => onDemand !== undefined
  const own = inputs.filter((input) => input.view === null && !isComputed(input))
  const columns: RequestColumn[] = own.map(({ name, kind }) => ({
    name,
    kind,
    datatype: kind === 'number' ? 'FP64' : 'BYTES',
    isInput: true,
    isKey: keys.has(name),
  }))
  for (const name of keys) {
    if (own.some((input) => input.name === name)) continue
    const kind = keyKind(dataset?.columns.find((column) => column.name === name)?.type)
    const datatype = kind === 'number' ? 'INT64' : 'BYTES'
    columns.push({ name, kind, datatype, isInput: false, isKey: true })
  }
  return { columns, views, computed: inputs.filter(isComputed).map(({ name }) => name) }
}

/**
 * Refuses a version whose features cannot be looked up online.
 * @throws Error naming the view
 */
export function requireOnline({ views }: InputPlan, project: Project): void {
  const offline = views.find(({ view }) => project.featureViews[view]?.online !== true)
  if (offline === undefined) return
  throw new Error(`the feature view "${offline.view}" is not online, so nothing can be looked up`)
}

function requireView(view: string, project: Project): void {
  const definition = project.featureViews[view]
  if (definition === undefined) {
    throw new Error(`the project file no longer has the feature view "${view}"`)
  }
  if (project.entities[definition.entity] === undefined) {
    throw new Error(`the project file no longer has the entity "${definition.entity}"`)
  }
}

function keyKind(type: string | undefined): RequestColumn['kind'] {
  if (type === undefined) return 'any'
  if (/^VARCHAR/.test(type)) return 'text'
  return /INT|DOUBLE|FLOAT|DECIMAL/.test(type) ? 'number' : 'any'
}
