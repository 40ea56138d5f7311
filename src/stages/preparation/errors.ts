import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

const dataFault = { status: 422, exit: 'data', blame: 'caller' } as const
const projectFault = { status: 422, exit: 'usage', blame: 'user-code' } as const

function counts(classes: Readonly<Record<string, number>>): string {
  return Object.entries(classes)
    .map(([label, rows]) => `"${label}": ${rows}`)
    .join(', ')
}

export const errors = defineErrors({
  DATASET_SQL_INVALID: problem<{ reason: string; sources: readonly string[] }>({
    ...projectFault,
    message: (d) => `dataset: the SQL cannot be run: ${d.reason}`,
    hint: (d) => `Correct "dataset.sql". The sources are ${d.sources.join(', ')}.`,
  }),
  DATASET_EMPTY: problem<{ dropped: string }>({
    ...dataFault,
    message: (d) => `dataset: no row is left${d.dropped === '' ? '' : ` (left out: ${d.dropped})`}`,
    hint: () => 'Check the SQL and the data horizon "asOf".',
  }),
  DATASET_COLUMN_RESERVED: problem<{ column: string }>({
    ...projectFault,
    message: (d) => `dataset: column "${d.column}" begins with "__", which is kept for Esteira`,
    hint: () => 'Give the column another name in "dataset.sql".',
  }),
  DATASET_ID_INVALID: problem<{ column: string; nulls: number; repeated: number; example: string }>(
    {
      ...dataFault,
      message: (d) =>
        `dataset: id column "${d.column}" has ${d.nulls} null(s) and ${d.repeated} repeated row(s)${d.example === '' ? '' : `, for example "${d.example}"`}; expected one row per decision`,
      hint: () =>
        'Choose columns that identify a decision for ever, or remove the duplicates in SQL.',
    },
  ),
  DATASET_TIME_INVALID: problem<{ column: string; role: string; got: string }>({
    ...projectFault,
    message: (d) => `dataset: ${d.role} column "${d.column}" holds ${d.got}; expected times`,
    hint: () => 'Use a TIMESTAMP, a DATE, or an ISO 8601 text.',
  }),
  TARGET_UNDECLARED: problem<{ type: string }>({
    ...projectFault,
    message: (d) => `problem: ${d.type} needs "target", the column to predict`,
    hint: () => 'Name the column of the dataset under "problem.target".',
  }),
  TARGET_TYPE_UNFIT: problem<{ column: string; got: string; type: string; expected: string }>({
    ...projectFault,
    message: (d) => `dataset: target "${d.column}" is ${d.got}; ${d.type} expects ${d.expected}`,
    hint: () => 'Convert it in "dataset.sql", or choose another problem type.',
  }),
  TARGET_HAS_ONE_CLASS: problem<{
    column: string
    part: string
    classes: Readonly<Record<string, number>>
  }>({
    ...dataFault,
    message: (d) =>
      `${d.part}: target "${d.column}" has too few classes (${counts(d.classes)}); expected at least two`,
    hint: () => 'Check how the target is made, take more data, or choose another split.',
  }),
  TARGET_HAS_MANY_CLASSES: problem<{
    column: string
    classes: Readonly<Record<string, number>>
    found: number
  }>({
    ...dataFault,
    message: (d) =>
      `dataset: target "${d.column}" has ${d.found} classes (${counts(d.classes)} …); binary classification expects two`,
    hint: () => 'Make the target a yes or no in SQL, or use multiclass-classification.',
  }),
  POSITIVE_CLASS_UNKNOWN: problem<{ positiveClass: string; classes: readonly string[] }>({
    ...projectFault,
    message: (d) =>
      `problem: positiveClass "${d.positiveClass}" is not among the classes ${d.classes.join(', ')}`,
    hint: (d) =>
      didYouMean(d.positiveClass, d.classes) ||
      'Set "problem.positiveClass" to one of the classes.',
  }),
  INPUT_TYPE_UNFIT: problem<{ column: string; got: string }>({
    ...projectFault,
    message: (d) => `input "${d.column}" is ${d.got}; a model takes numbers and texts`,
    hint: (d) =>
      /^(TIMESTAMP|DATE|TIME)/.test(d.got)
        ? 'Derive numbers in SQL, such as hour(…), dayofweek(…) or an age in days.'
        : 'Convert it in SQL with CAST, or take single values out of it.',
  }),
  INPUT_INFINITE: problem<{ column: string; rows: number }>({
    ...dataFault,
    message: (d) => `input "${d.column}" is infinite in ${d.rows} row(s); expected finite numbers`,
    hint: (d) =>
      `Look for a division by zero: nullif(…, 0), or CASE WHEN isfinite("${d.column}") ….`,
  }),
  INPUT_ALL_MISSING: problem<{ column: string; rows: number; part: string }>({
    ...dataFault,
    message: (d) => `input "${d.column}" has no value in any of ${d.rows} rows of ${d.part}`,
    hint: () =>
      'Take it out of the inputs, or find out why it is empty (a join that never matches?).',
  }),
  EMPTY_SPLIT: problem<{
    parts: Readonly<Record<string, number>>
    boundaries: string
    range: string
    asOf: string | null
  }>({
    ...dataFault,
    message: (d) =>
      `split: a part is empty (train ${d.parts.train}, validation ${d.parts.validation}, test ${d.parts.test} rows) with ${d.boundaries}; the data reach ${d.range}${d.asOf === null ? '' : `, horizon ${d.asOf}`}`,
    hint: () => 'Move the boundaries into the data, or take more data.',
  }),
  SPLIT_NEEDS_TIME: problem<Record<string, never>>({
    ...projectFault,
    message: () => 'split: a split by time needs "dataset.predictionTime"',
    hint: () => 'Name the column that says when the prediction is made.',
  }),
  LEAKAGE_FOUND: problem<{ findings: readonly string[] }>({
    ...dataFault,
    message: (d) => `leakage: ${d.findings.join('; ')}`,
    hint: () =>
      'Take the column out, or correct its event time or availability delay. If it is honest, raise "dataset.leakage.maxSingleColumnScore".',
  }),
})
