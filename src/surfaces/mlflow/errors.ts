import { defineErrors, problem } from '../../core/errors/index.ts'

const refused = { exit: 'usage', blame: 'caller' } as const

/** Errors of the MLflow surface; the table feeds `docs/reference/errors.md`. */
export const mlflowErrors = defineErrors({
  MLFLOW_FIELD_MISSING: problem<{ field: string }>({
    ...refused,
    status: 400,
    message: (d) => `Missing value for required parameter '${d.field}'.`,
    hint: () => 'docs/reference/mlflow-api.md lists the endpoints and what they take.',
  }),
  MLFLOW_FIELD_INVALID: problem<{ field: string; expected: string; got: string }>({
    ...refused,
    status: 400,
    message: (d) =>
      `Invalid value for parameter '${d.field}': expected ${d.expected}, got ${d.got}.`,
    hint: () => 'docs/reference/mlflow-api.md lists the endpoints and what they take.',
  }),
  MLFLOW_BODY_INVALID: problem<{ reason: string }>({
    ...refused,
    status: 400,
    message: (d) => `The request's body cannot be used: ${d.reason}.`,
    hint: () => 'Send one JSON object with the header `content-type: application/json`.',
  }),
  MLFLOW_BODY_TOO_LARGE: problem<{ maxBytes: number }>({
    ...refused,
    status: 413,
    message: (d) => `The request's body is larger than ${d.maxBytes} bytes.`,
    hint: () => 'Send less at once; files belong to the artifact endpoints.',
  }),
  MLFLOW_LOCATION_REFUSED: problem<{ field: string; location: string; reason: string }>({
    ...refused,
    status: 400,
    message: (d) => `Invalid value for parameter '${d.field}': '${d.location}' ${d.reason}.`,
    hint: () =>
      'Leave the location out to use the default one, or name one under the artifact roots that the operator of the server chose.',
  }),
  MLFLOW_SOURCE_FOREIGN: problem<{ source: string; owner: string }>({
    ...refused,
    status: 400,
    message: (d) =>
      `Invalid model version source: '${d.source}' is not among the artifacts of the ${d.owner}.`,
    hint: () =>
      'Give run_id or model_id of the run or logged model whose artifacts the source lies in.',
  }),
  MLFLOW_ENDPOINT_UNKNOWN: problem<{ method: string; path: string; kept: string }>({
    ...refused,
    status: 404,
    exit: 'not-found',
    message: (d) => `${d.kept}: there is nothing at ${d.method} ${d.path}.`,
    hint: () => 'docs/reference/mlflow-api.md lists the endpoints that are served.',
  }),
  MLFLOW_UNSUPPORTED: problem<{ what: string }>({
    ...refused,
    status: 501,
    message: (d) => `${d.what} is not supported by this server.`,
    hint: () => 'docs/reference/mlflow-api.md says what is.',
  }),
  MLFLOW_NAME_UNKNOWN: problem<{ kind: string; name: string }>({
    ...refused,
    status: 404,
    exit: 'not-found',
    message: (d) => `Could not find ${d.kind} with name '${d.name}'.`,
    hint: () => 'Search without a filter to see the names there are.',
  }),
})
