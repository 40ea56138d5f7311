import type { DatasetDefinition, FeatureTable, InputColumn } from '../../core/records/index.ts'
import { requireColumns } from '../collection/index.ts'
import { inputKind } from '../preparation/index.ts'
import { errors } from './errors.ts'
import { featureInputName } from './feature-names.ts'
import { onDemandInputs } from './on-demand-inputs.ts'

/**
 * The model's inputs: the dataset's columns first, then the features (`<view>__<feature>`), then what
 * is computed from them, each in the order of the project file.
 *
 * @throws COLUMN_NOT_FOUND, INPUT_TYPE_UNFIT, INPUTS_MISSING, INPUT_REPEATED,
 *   FEATURE_VIEW_NOT_FOUND, FEATURE_NOT_FOUND, ON_DEMAND_UNFIT
 */
export function resolveInputs(options: {
  readonly definition: DatasetDefinition
  /** The dataset's columns with DuckDB's types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Feature tables by view. */
  readonly tables: Readonly<Record<string, FeatureTable>>
}): InputColumn[] {
  const { definition, columns, tables } = options
  const known = columns.map((column) => column.name)
  const inputs: InputColumn[] = definition.inputs.map((name) => {
    requireColumns({ where: 'dataset, inputs', columns: [name], known })
    const type = columns.find((column) => column.name === name)?.type ?? 'VARCHAR'
    return { name, kind: inputKind(name, type), view: null }
  })
  const features = definition.features.flatMap((written) => featuresNamed(written, tables))
  for (const feature of features) {
    const before = inputs.find(({ name }) => name === feature.name)
    if (before === undefined) inputs.push(feature)
    // A feature named on its own and with its view is one input.
    else if (before.view === null) throw errors.INPUT_REPEATED({ column: feature.name })
  }
  const repeated = inputs.find(
    ({ name }, index) => inputs.findIndex((i) => i.name === name) < index,
  )
  if (repeated !== undefined) throw errors.INPUT_REPEATED({ column: repeated.name })
  if (inputs.length === 0) throw errors.INPUTS_MISSING({})
  return [...inputs, ...onDemandInputs(definition, inputs)]
}

/** Inputs of `view` (all of it) or `view.feature`. */
function featuresNamed(
  written: string,
  tables: Readonly<Record<string, FeatureTable>>,
): InputColumn[] {
  const dot = written.indexOf('.')
  const view = dot === -1 ? written : written.slice(0, dot)
  const feature = dot === -1 ? undefined : written.slice(dot + 1)
  const table = tables[view]
  if (table === undefined) {
    throw errors.FEATURE_VIEW_NOT_FOUND({ view, known: Object.keys(tables) })
  }
  const chosen = table.features.filter(({ name }) => feature === undefined || name === feature)
  if (feature !== undefined && chosen.length === 0) {
    const known = table.features.map(({ name }) => name)
    throw errors.FEATURE_NOT_FOUND({ view, feature, known })
  }
  return chosen.map(({ name, kind }) => ({ name: featureInputName(view, name), kind, view }))
}
