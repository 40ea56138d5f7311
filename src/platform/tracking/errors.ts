import { defineErrors, problem } from '../../core/errors/index.ts'

const notFound = { status: 404, exit: 'not-found', blame: 'caller' } as const
const invalid = { status: 400, exit: 'usage', blame: 'caller' } as const

/** Errors of tracking; the table feeds `docs/reference/errors.md`. */
export const trackingErrors = defineErrors({
  EXPERIMENT_NOT_FOUND: problem<{ id: string }>({
    ...notFound,
    message: (d) => `No experiment with id=${d.id} exists`,
    hint: () => 'List the experiments, or create one; a deleted one must be restored first.',
  }),
  EXPERIMENT_ID_INVALID: problem<{ id: string }>({
    ...invalid,
    message: (d) => `Invalid experiment ID '${d.id}'. An experiment ID is a whole number.`,
    hint: () =>
      'Give the id that the creation answered, such as 0; names have a lookup of their own.',
  }),
  EXPERIMENT_EXISTS: problem<{ name: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `Experiment(name=${d.name}) already exists`,
    hint: () =>
      'Choose another name, or use that experiment; a deleted one keeps its name until it is purged.',
  }),
  EXPERIMENT_NOT_ACTIVE: problem<{ id: string }>({
    ...invalid,
    message: (d) =>
      `The experiment ${d.id} must be in the 'active' state. Current state is deleted.`,
    hint: () => 'Restore the experiment first.',
  }),
  RUN_NOT_FOUND: problem<{ id: string }>({
    ...notFound,
    message: (d) => `Run with id=${d.id} not found`,
    hint: () => 'Check the id and that the client talks to the server that made the run.',
  }),
  RUN_NOT_ACTIVE: problem<{ id: string }>({
    ...invalid,
    message: (d) => `The run ${d.id} must be in the 'active' state. Current state is deleted.`,
    hint: () => 'Restore the run first, or log to another run.',
  }),
  RUN_EXISTS: problem<{ id: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `A run with id=${d.id} already exists`,
    hint: () => 'Leave the id out; the server makes one.',
  }),
  LOGGED_MODEL_NOT_FOUND: problem<{ id: string }>({
    ...notFound,
    message: (d) => `Logged model with ID '${d.id}' not found.`,
    hint: () => 'Check the id; a deleted logged model is not found either.',
  }),
  LOGGED_MODEL_EXISTS: problem<{ id: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `A logged model with ID '${d.id}' already exists`,
    hint: () => 'Leave the id out; the server makes one.',
  }),
  TAG_NOT_FOUND: problem<{ key: string; subject: string }>({
    ...notFound,
    message: (d) => `No tag with name: ${d.key} in ${d.subject}`,
    hint: () => 'Nothing is left to do when the tag should be gone.',
  }),
  NAME_INVALID: problem<{ what: string; got: string; reason: string }>({
    ...invalid,
    message: (d) => `Invalid ${d.what} '${d.got}': ${d.reason}`,
    hint: () =>
      'Names may only contain letters, digits, underscores (_), dashes (-), periods (.), spaces, colons (:) and slashes (/).',
  }),
  ENTRY_TOO_LONG: problem<{ what: string; limit: number; got: number }>({
    ...invalid,
    message: (d) =>
      `'${d.what}' exceeds the maximum length of ${d.limit} characters: it has ${d.got}`,
    hint: () => 'Shorten it, or log it as an artifact.',
  }),
  ENTRY_UNREADABLE: problem<{ what: string; got: string; expected: string }>({
    ...invalid,
    message: (d) => `Invalid value ${d.got} for '${d.what}': expected ${d.expected}`,
    hint: () => 'Correct the value and send it again; nothing of the request was kept.',
  }),
  LOG_BATCH_TOO_LARGE: problem<{ what: string; limit: number; got: number }>({
    ...invalid,
    message: (d) =>
      `A batch logging request can contain at most ${d.limit} ${d.what}. Got ${d.got} ${d.what}.`,
    hint: (d) => `Split up ${d.what} across multiple requests and try again.`,
  }),
  METRIC_INVALID: problem<{ key: string; field: string; got: string; expected: string }>({
    ...invalid,
    message: (d) =>
      `Invalid value ${d.got} for '${d.field}' of metric '${d.key}': expected ${d.expected}`,
    hint: () => 'Correct the value and send it again; nothing of the batch was kept.',
  }),
  PARAMETER_CHANGED: problem<{ key: string; runId: string; old: string; new: string }>({
    ...invalid,
    message: (d) =>
      `Changing param values is not allowed. Param with key='${d.key}' was already logged with value='${d.old}' for run ID='${d.runId}'. Attempted logging new value '${d.new}'.`,
    hint: () =>
      'Log the new value under another key, or start another (nested) run for the new setting.',
  }),
  PARAMETER_TWICE: problem<{ keys: string }>({
    ...invalid,
    message: (d) => `Duplicate parameter keys have been submitted: ${d.keys}`,
    hint: () => 'Send one value a key.',
  }),
  RUN_NAMES_DIFFER: problem<{ name: string; tag: string }>({
    ...invalid,
    message: (d) =>
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${d.name}', mlflow.runName='${d.tag}').`,
    hint: () => 'Give one of the two.',
  }),
  FILTER_INVALID: problem<{ text: string; position: number; reason: string; hint: string }>({
    ...invalid,
    message: (d) => `Invalid filter at position ${d.position}: ${d.reason} (in: ${d.text})`,
    hint: (d) => d.hint,
  }),
  ORDER_INVALID: problem<{ text: string; reason: string; hint: string }>({
    ...invalid,
    message: (d) => `Invalid order_by clause '${d.text}': ${d.reason}`,
    hint: (d) => d.hint,
  }),
  PAGE_TOKEN_INVALID: problem<{ reason: string }>({
    ...invalid,
    message: (d) => `Invalid page token: ${d.reason}`,
    hint: () =>
      'Ask for the first page without a token, then repeat the very same query with the token of the page before.',
  }),
  MAX_RESULTS_INVALID: problem<{ got: string; limit: number }>({
    ...invalid,
    message: (d) =>
      `Invalid value ${d.got} for parameter 'max_results': it must be at least 1 and at most ${d.limit}`,
    hint: () => 'Ask for fewer results and follow the page tokens.',
  }),
  TRACKING_OVERLOADED: problem<{ waiting: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `Too many batches wait to be written: ${d.waiting}`,
    hint: () => 'Send the same batch again in a moment; log less often, or bigger batches.',
  }),
})
