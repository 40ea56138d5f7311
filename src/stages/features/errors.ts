import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

const projectFault = { status: 422, exit: 'usage', blame: 'user-code' } as const
const dataFault = { status: 422, exit: 'data', blame: 'caller' } as const

export const errors = defineErrors({
  FEATURE_SQL_INVALID: problem<{ view: string; reason: string; sources: readonly string[] }>({
    ...projectFault,
    message: (d) => `feature view "${d.view}": the SQL cannot be run: ${d.reason}`,
    hint: (d) => `Correct its "sql". The sources are ${d.sources.join(', ')}.`,
  }),
  FEATURE_TIME_INVALID: problem<{ view: string; column: string; got: string }>({
    ...projectFault,
    message: (d) =>
      `feature view "${d.view}": event time "${d.column}" is ${d.got}; expected a time`,
    hint: () => 'Use a TIMESTAMP, a DATE, or an ISO 8601 text.',
  }),
  FEATURES_MISSING: problem<{ view: string }>({
    ...projectFault,
    message: (d) =>
      `feature view "${d.view}" has no features: its SQL gives only the keys and the event time`,
    hint: () => 'Select at least one more column.',
  }),
  FEATURE_VIEW_EMPTY: problem<{ view: string }>({
    ...dataFault,
    message: (d) => `feature view "${d.view}" gives no row with all keys and an event time`,
    hint: () => 'Run its SQL by hand; check the data horizon "asOf" and the joins.',
  }),
  FEATURE_VIEW_NOT_FOUND: problem<{ view: string; known: readonly string[] }>({
    ...projectFault,
    message: (d) => `dataset.features: there is no feature view "${d.view}"`,
    hint: (d) => didYouMean(d.view, d.known) || `Feature views are: ${d.known.join(', ')}.`,
  }),
  FEATURE_NOT_FOUND: problem<{ view: string; feature: string; known: readonly string[] }>({
    ...projectFault,
    message: (d) => `dataset.features: view "${d.view}" has no feature "${d.feature}"`,
    hint: (d) => didYouMean(d.feature, d.known) || `Its features are: ${d.known.join(', ')}.`,
  }),
  FEATURES_NEED_TIME: problem<{ views: readonly string[] }>({
    ...projectFault,
    message: (d) =>
      `dataset.features: ${d.views.join(', ')} cannot be joined without "dataset.predictionTime"`,
    hint: () => 'Name the column that says when the prediction is made.',
  }),
  FEATURE_KEY_UNFIT: problem<{
    view: string
    key: string
    got: string
    expected: string
  }>({
    ...projectFault,
    message: (d) =>
      `feature view "${d.view}": key "${d.key}" is ${d.expected} there but ${d.got} in the dataset`,
    hint: () => 'CAST one of them in SQL, so that equal keys are equal values.',
  }),
  INPUTS_MISSING: problem<Record<string, never>>({
    ...projectFault,
    message: () => 'dataset: the model has no inputs; both "inputs" and "features" are empty',
    hint: () => 'Name columns under "dataset.inputs" or views under "dataset.features".',
  }),
  INPUT_REPEATED: problem<{ column: string }>({
    ...projectFault,
    message: (d) => `dataset: input "${d.column}" is there twice`,
    hint: () => 'Feature columns are called <view>__<feature>; give the other one another name.',
  }),
  ON_DEMAND_UNFIT: problem<{ column: string; reason: string }>({
    ...projectFault,
    message: (d) => `dataset.onDemand: the expression of "${d.column}" does not fit: ${d.reason}`,
    hint: () =>
      'It gives a number of inputs and features of the dataset: see docs/guides/serving.md.',
  }),
  INPUT_IS_TARGET: problem<{ column: string; role: string }>({
    ...projectFault,
    message: (d) => `dataset: input "${d.column}" is the ${d.role}; a model must not see it`,
    hint: () => 'Take it out of "dataset.inputs".',
  }),
})
