import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

export const predictFileErrors = defineErrors({
  ROWS_FILE_UNFIT: problem<{ file: string; known: readonly string[] }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The file ${d.file} must end in one of ${d.known.join(', ')}.`,
    hint: () => 'The ending tells how rows are written: Parquet, CSV, or one JSON object a line.',
  }),
  ROWS_FILE_UNREADABLE: problem<{ file: string; reason: string }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The rows of ${d.file} cannot be read: ${d.reason}.`,
    hint: () => 'CSV needs a header and commas; JSON Lines one object a line; nothing was written.',
  }),
  ROWS_FILE_UNWRITABLE: problem<{ file: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The answers cannot be written to ${d.file}: ${d.reason}.`,
    hint: () => 'Name a file in a folder that exists, other than the input.',
  }),
  ROWS_COLUMN_MISSING: problem<{
    file: string
    columns: readonly string[]
    present: readonly string[]
  }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) =>
      `The file ${d.file} lacks columns: expected ${d.columns.join(', ')}, got ${d.present.join(', ') || 'none'}.`,
    hint: (d) =>
      [
        didYouMean(d.columns[0] ?? '', d.present),
        'A model needs its request columns and the keys of its features; a missing value is an empty cell.',
      ]
        .join(' ')
        .trim(),
  }),
  ROWS_COLUMN_TAKEN: problem<{ column: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The column "${d.column}" would stand in the output twice.`,
    hint: () => 'Keep each column once, and rename one that is called like an answer.',
  }),
  ROWS_REFUSED: problem<{ file: string; refused: number; rows: number; first: string }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `${d.refused} of ${d.rows} rows of ${d.file} do not fit the model: ${d.first}.`,
    hint: () =>
      'Nothing was written. Mend the rows, or leave them out with --on-invalid skip, or keep them without an answer with --on-invalid keep.',
  }),
  ENVIRONMENT_EMPTY: problem<{ model: string; environment: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `No version of ${d.model} stands in ${d.environment}.`,
    hint: (d) => `Promote one with \`esteira promote <version> ${d.environment}\`, or name one.`,
  }),
  FEATURE_HISTORY_MISSING: problem<{ view: string; reason: string }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The features of "${d.view}" cannot be looked up: ${d.reason}.`,
    hint: () =>
      'Run the belt with the feature view in the project file: `esteira run`. Without a time, features come from the online store.',
  }),
})
