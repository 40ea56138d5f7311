import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

const bad = { status: 400, exit: 'usage', blame: 'caller' } as const
const absent = { status: 404, exit: 'not-found', blame: 'caller' } as const

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}

function oneOf(got: string, known: readonly string[]): string {
  return [didYouMean(got, known), `Known: ${known.length === 0 ? 'none' : known.join(', ')}.`]
    .filter((text) => text !== '')
    .join(' ')
}

/** A caller's name in quotes; it may be as long as a body, and errors go into headers and traces. */
function quoted(name: string): string {
  return `"${name.length > 100 ? `${name.slice(0, 99)}…` : name}"`
}

export const gatewayErrors = defineErrors({
  ROUTE_UNKNOWN: problem<{ method: string; path: string }>({
    ...absent,
    message: (d) => `There is nothing at ${d.method} ${d.path}.`,
    hint: () => 'The routes are in docs/reference/gateway.md; GET /v2 says what this server is.',
  }),
  MODEL_UNKNOWN: problem<{ model: string; known: readonly string[] }>({
    ...absent,
    message: (d) => `No model "${d.model}" is served here.`,
    hint: (d) => oneOf(d.model, d.known),
  }),
  ENDPOINT_NOT_NAMED: problem<{ known: readonly string[] }>({
    ...bad,
    message: () => 'Several endpoints answer here, and the request does not say which it means.',
    hint: (d) =>
      `Add ?endpoint=<name> or the header x-esteira-endpoint. Known: ${d.known.join(', ') || 'none'}.`,
  }),
  ENDPOINT_REPEATED: problem<{ endpoint: string; projects: readonly string[] }>({
    ...bad,
    exit: 'conflict',
    message: (d) =>
      `Two projects have an endpoint "${d.endpoint}": ${d.projects.map((name) => `"${name}"`).join(' and ')}.`,
    hint: () => 'Give each its own name: deployment.endpoint in the project file.',
  }),
  ENDPOINTS_MISSING: problem<Record<string, never>>({
    ...bad,
    message: () => 'A gateway needs at least one endpoint to answer for, got none.',
    hint: () => 'Name the projects whose endpoints it answers for.',
  }),
  MODEL_NOT_IN_MEMORY: problem<{
    endpoint: string
    version: number
    reason: string
    retryAfterSeconds: number
  }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `Version ${d.version} of "${d.endpoint}" was unloaded and is not back in memory: ${d.reason}.`,
    hint: (d) =>
      `Come back in ${d.retryAfterSeconds} s (Retry-After). Operators: GET /v1/endpoints/${d.endpoint} says more.`,
  }),
  MEMORY_BUDGET_BUSY: problem<{
    neededBytes: number
    budgetBytes: number
    retryAfterSeconds: number
  }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `There is no room for a model of about ${mebibytes(d.neededBytes)} now: the models in memory are all answering, and may take ${mebibytes(d.budgetBytes)}.`,
    hint: (d) =>
      `Come back in ${d.retryAfterSeconds} s (Retry-After). Operators: a larger memory budget, or fewer endpoints in a process.`,
  }),
  MEMORY_BUDGET_TOO_SMALL: problem<{
    neededBytes: number
    budgetBytes: number
    pinnedBytes: number
  }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    message: (d) =>
      `The model takes about ${mebibytes(d.neededBytes)}, more than the memory budget of ${mebibytes(d.budgetBytes)} leaves${d.pinnedBytes > 0 ? ` beside ${mebibytes(d.pinnedBytes)} of pinned models` : ''}.`,
    hint: () => 'Raise the memory budget of the gateway, pin less, or serve a smaller model.',
  }),
  MODEL_VERSION_UNKNOWN: problem<{ model: string; version: string; loaded: readonly number[] }>({
    ...absent,
    message: (d) => `Version "${d.version}" of "${d.model}" is not loaded.`,
    hint: (d) =>
      `Loaded: ${d.loaded.join(', ') || 'none'}. Leave the version out to ask the rollout.`,
  }),
  ENDPOINT_NOT_READY: problem<{ endpoint: string; reason: string }>({
    status: 503,
    exit: 'not-found',
    blame: 'system',
    retryable: true,
    message: (d) => `Endpoint "${d.endpoint}" cannot answer yet: ${d.reason}.`,
    hint: (d) => `See GET /v1/endpoints/${d.endpoint}; \`esteira run\` deploys a version.`,
  }),
  OVERLOADED: problem<{ endpoint: string; retryAfterSeconds: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `Endpoint "${d.endpoint}" has more requests than this process can answer in time.`,
    hint: (d) =>
      `Come back in ${d.retryAfterSeconds} s (Retry-After). Operators: more processes, or deployment.limits.maxInFlight.`,
  }),
  DEADLINE_PASSED: problem<{ allowedMs: number }>({
    status: 504,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The request was not answered within its ${d.allowedMs} ms.`,
    hint: () =>
      'Give it more time, or fewer rows; without a time of its own deployment.limits.deadline holds.',
  }),
  CALLER_GONE: problem<Record<string, never>>({
    ...bad,
    status: 499,
    message: () => 'The caller hung up before the answer; no model was asked.',
    hint: () => 'Wait longer before hanging up, or say how long you wait: grpc-timeout.',
  }),
  RATE_LIMITED: problem<{
    perSecond: number
    limit: number
    remaining: number
    resetSeconds: number
    retryAfterSeconds: number
  }>({
    ...bad,
    status: 429,
    retryable: true,
    message: (d) =>
      `More requests than the ${d.perSecond} a second (${d.limit} at once) that one caller may send.`,
    hint: (d) =>
      `Come back in ${d.retryAfterSeconds} s (Retry-After), or send several rows in one request.`,
  }),
  PROBING_SUSPECTED: problem<{ retryAfterSeconds: number }>({
    ...bad,
    status: 429,
    retryable: true,
    message: () => "This caller's questions look like an attempt to copy the model.",
    hint: (d) =>
      `Ask the endpoint's operators (the audit trail has the reason), or come back in ${d.retryAfterSeconds} s.`,
  }),
  BODY_NOT_JSON: problem<{ reason: string }>({
    ...bad,
    message: (d) => `The body is not valid JSON: ${d.reason}.`,
    hint: () => 'Send one JSON object as in the Open Inference Protocol.',
  }),
  BODY_TOO_LARGE: problem<{ limit: number }>({
    ...bad,
    status: 413,
    message: (d) => `The body is larger than ${d.limit} bytes.`,
    hint: () => 'Send the rows in several requests.',
  }),
  CONTENT_TYPE_WRONG: problem<{ got: string }>({
    ...bad,
    status: 415,
    message: (d) => `The content type "${d.got}" is not understood.`,
    hint: () => 'Send JSON with the header `content-type: application/json`.',
  }),
  REQUEST_REFUSED: problem<{ reason: string }>({
    ...bad,
    message: (d) => `The request is refused: ${d.reason}.`,
    hint: () => 'Send a well-formed HTTP request.',
  }),
  BODY_INVALID: problem<{ where: string; expected: string; got: string }>({
    ...bad,
    message: (d) => `${d.where}: expected ${d.expected}, got ${d.got}.`,
    hint: () =>
      'A request is {"id"?, "parameters"?, "inputs": [{"name", "shape", "datatype", "data"}], "outputs"?}.',
  }),
  FIELD_UNKNOWN: problem<{ where: string; field: string; known: readonly string[] }>({
    ...bad,
    message: (d) => `${d.where} has a field ${quoted(d.field)} that is not understood.`,
    hint: (d) => oneOf(d.field, d.known),
  }),
  INPUT_UNKNOWN: problem<{ input: string; known: readonly string[] }>({
    ...bad,
    message: (d) => `The model has no input ${quoted(d.input)}.`,
    hint: (d) => oneOf(d.input, d.known),
  }),
  INPUT_COMPUTED: problem<{ input: string; known: readonly string[] }>({
    ...bad,
    message: (d) =>
      `The input "${d.input}" was sent, but the endpoint computes it from the others.`,
    hint: (d) => `Leave it out. What is sent: ${d.known.join(', ')}.`,
  }),
  INPUT_MISSING: problem<{ inputs: readonly string[] }>({
    ...bad,
    message: (d) => `The request lacks ${d.inputs.map((name) => `"${name}"`).join(', ')}.`,
    hint: () => 'Every input must be sent; a value that is not known is sent as null.',
  }),
  REQUEST_INPUT_REPEATED: problem<{ input: string }>({
    ...bad,
    message: (d) => `The request sends the input ${quoted(d.input)} twice.`,
    hint: () => 'Send each input once, with one value a row.',
  }),
  INPUT_DATATYPE_WRONG: problem<{ input: string; expected: string; got: string }>({
    ...bad,
    message: (d) =>
      `The input ${quoted(d.input)} has the datatype ${d.got}, expected ${d.expected}.`,
    hint: () => 'GET /v2/models/{name} lists every input with its datatype.',
  }),
  INPUT_SHAPE_WRONG: problem<{ input: string; expected: string; got: string }>({
    ...bad,
    message: (d) =>
      `The input ${quoted(d.input)} has the wrong shape: expected ${d.expected}, got ${d.got}.`,
    hint: () => 'Each input is one column: shape [rows] or [rows, 1], with as many values in data.',
  }),
  INPUT_VALUE_WRONG: problem<{ input: string; row: number; expected: string; got: string }>({
    ...bad,
    message: (d) =>
      `The input ${quoted(d.input)} holds ${d.got} in row ${d.row}, expected ${d.expected}.`,
    hint: () => 'A value that is not known is sent as null.',
  }),
  BATCH_TOO_LARGE: problem<{ rows: number; limit: number }>({
    ...bad,
    message: (d) => `The request has ${d.rows} rows; at most ${d.limit} are answered at once.`,
    hint: () => 'Send smaller batches, or raise deployment.maxBatchRows in the project file.',
  }),
  INPUT_OUT_OF_RANGE: problem<{
    input: string
    row: number
    value: number
    low: number
    high: number
  }>({
    ...bad,
    status: 422,
    message: (d) =>
      `The input ${quoted(d.input)} is ${d.value} in row ${d.row}, far outside its training range ${d.low} to ${d.high}.`,
    hint: () =>
      'Check the unit of the value; deployment.outOfRange: "flag" answers such rows and flags them, "clip" takes the end of the range instead.',
  }),
  INPUT_CATEGORY_UNKNOWN: problem<{
    input: string
    row: number
    value: string
    known: readonly string[]
    more: number
  }>({
    ...bad,
    status: 422,
    message: (d) =>
      `The input ${quoted(d.input)} is ${JSON.stringify(d.value)} in row ${d.row}, which training did not see often enough to know.`,
    hint: (d) =>
      `${oneOf(d.value, d.known)}${d.more > 0 ? ` And ${d.more} more.` : ''} deployment.unknownCategory: "flag" answers such rows and flags them.`,
  }),
  FEATURE_STORE_LATE: problem<{
    views: readonly string[]
    deadlineMs: number
    retryAfterSeconds: number
  }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `The features of ${d.views.join(', ')} did not come within ${d.deadlineMs} ms of the request's start.`,
    hint: (d) =>
      `Come back in ${d.retryAfterSeconds} s (Retry-After). Operators: see to the online store, or set deployment.featureStore.onFailure: "last-value".`,
  }),
  FEATURE_STORE_FAILED: problem<{ views: readonly string[]; retryAfterSeconds: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The features of ${d.views.join(', ')} could not be looked up.`,
    hint: (d) =>
      `Come back in ${d.retryAfterSeconds} s (Retry-After). Operators: the cause is in the gateway's log; see to the online store, or set deployment.featureStore.onFailure: "last-value".`,
  }),
  FEATURE_MISSING: problem<{ view: string; row: number; keys: string }>({
    ...bad,
    status: 422,
    message: (d) => `The feature view "${d.view}" has no fresh value for ${d.keys} (row ${d.row}).`,
    hint: () =>
      'Publish the view again, or set deployment.missingFeatures: "null" to answer without it.',
  }),
  OUTPUT_UNKNOWN: problem<{ output: string; known: readonly string[] }>({
    ...bad,
    message: (d) => `The model has no output ${quoted(d.output)}.`,
    hint: (d) => oneOf(d.output, d.known),
  }),
  REQUEST_TIME_REFUSED: problem<{ time: string }>({
    ...bad,
    message: (d) => `parameters.time is ${d.time}, but this gateway answers for the present only.`,
    hint: () => 'Leave parameters.time out; only a replay opens a gateway that accepts it.',
  }),
  EVENT_INVALID: problem<{ reason: string }>({
    ...bad,
    message: (d) => `The request is no event of CloudEvents 1.0: ${d.reason}.`,
    hint: () => 'Send id, source, type and specversion "1.0", with the request as JSON data.',
  }),
  EXPLANATION_IMPOSSIBLE: problem<{ version: number; reason: string }>({
    ...bad,
    status: 422,
    message: (d) => `Version ${d.version} cannot be explained: ${d.reason}.`,
    hint: () =>
      'Explanations need a version that this platform trained, and one number to explain.',
  }),
  REPOSITORY_REFUSED: problem<{ model: string; reason: string }>({
    ...bad,
    status: 409,
    exit: 'conflict',
    message: (d) => `"${d.model}" stays as it is: ${d.reason}.`,
    hint: () =>
      'What is loaded follows the rollout: `esteira rollback`, or a promotion, changes it.',
  }),
  CROSS_SITE_REFUSED: problem<Record<string, never>>({
    ...bad,
    status: 403,
    message: () => 'A page of another site makes the browser send this request.',
    hint: () => 'Ask from a program, or from a page of the same origin.',
  }),
  PREDICTION_NOT_LOGGED: problem<{ reason: string; retryAfterSeconds: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The prediction could not be logged, so it is not given: ${d.reason}.`,
    hint: () => 'Free space on the disk of the prediction log, then send the request again.',
  }),
  LABELS_NOT_STORED: problem<{ reason: string; retryAfterSeconds: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The labels could not be stored: ${d.reason}.`,
    hint: () => 'Free space on the disk of the prediction log, then send all of them again.',
  }),
  LABELS_NOT_KEPT: problem<Record<string, never>>({
    ...bad,
    status: 409,
    exit: 'conflict',
    message: () => 'This endpoint keeps no predictions, so that no label has one to belong to.',
    hint: () =>
      'Set deployment.predictionLog.keep: "all" in the project file; predictions from then on can be labelled.',
  }),
  LABEL_WRONG: problem<{ index: number; got: string; known: readonly string[] }>({
    ...bad,
    message: (d) => `labels[${d.index}].label is ${d.got}, which this model cannot predict.`,
    hint: (d) => (d.known.length === 0 ? 'Send a finite number.' : oneOf(d.got, d.known)),
  }),
  TOKEN_WRONG: problem<Record<string, never>>({
    ...bad,
    status: 401,
    message: () => 'The request carries no valid token.',
    hint: () => 'Send `authorization: Bearer <token>` with the value of ESTEIRA_GATEWAY_TOKEN.',
  }),
  HOST_REFUSED: problem<{ host: string }>({
    ...bad,
    status: 403,
    message: (d) => `The host "${d.host}" is not this machine's.`,
    hint: () => 'Ask for http://127.0.0.1; without a token the gateway answers this machine only.',
  }),
  GATEWAY_TOKEN_NEEDED: problem<{ host: string }>({
    ...bad,
    message: (d) => `The gateway must not listen on ${d.host} without a token.`,
    hint: () => 'Set ESTEIRA_GATEWAY_TOKEN to a long random text, or listen on 127.0.0.1.',
  }),
  GATEWAY_ADDRESS_TAKEN: problem<{ host: string; port: number; reason: string }>({
    ...bad,
    exit: 'conflict',
    message: (d) => `The gateway cannot listen on ${d.host}:${d.port}: ${d.reason}.`,
    hint: () => 'End the program that holds the port, or choose another with `--port`.',
  }),
  ANSWER_NOT_FINITE: problem<{ version: number; row: number }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `Version ${d.version} gave no finite number for row ${d.row}.`,
    hint: () =>
      'Go back to the version before with `esteira rollback`, and evaluate this one again.',
  }),
  REVISION_UNFIT: problem<{ version: number; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `Version ${d.version} failed its warm-up: ${d.reason}.`,
    hint: () => 'The revision that answered before goes on. Mend the cause, then reload.',
  }),
  GATEWAY_FAULT: problem<Record<string, never>>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: () => 'The gateway itself failed; the cause is in its log.',
    hint: () => 'Please report this with the log, unless the log names a cause on this machine.',
  }),
})
