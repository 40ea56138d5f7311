import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of the API itself; the table feeds `docs/reference/errors.md`. */
export const apiErrors = defineErrors({
  OPERATION_INPUT_INVALID: problem<{
    operation: string
    faults: readonly { readonly at: string; readonly message: string }[]
  }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `The request to ${d.operation} is not as described: ${d.faults
        .map(({ at, message }) => `${at}: ${message}`)
        .join('; ')}`,
    hint: () => 'Compare it with the OpenAPI document at /api/v1/openapi.json.',
  }),
  PRECONDITION_FAILED: problem<{ expected: string; current: string }>({
    status: 412,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `It changed meanwhile: If-Match asks for ${d.expected}, it is now ${d.current}.`,
    hint: () => 'Read it again, and repeat the change with the new ETag.',
  }),
  IDEMPOTENCY_KEY_REUSED: problem<{ key: string }>({
    status: 422,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `The Idempotency-Key "${d.key}" was used before with another request.`,
    hint: () => 'Take a new key for each new thing.',
  }),
  IDEMPOTENCY_KEY_BUSY: problem<{ key: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    retryable: true,
    message: (d) => `The first request with the Idempotency-Key "${d.key}" is still under way.`,
    hint: () => 'Ask again in a moment; the answer will be the same.',
  }),
  API_ROUTE_UNKNOWN: problem<{ method: string; path: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `There is no ${d.method} ${d.path}.`,
    hint: () => 'All operations stand in /api/v1/openapi.json.',
  }),
  RECORD_NOT_FOUND: problem<{ kind: string; id: string; project: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `Project "${d.project}" has no ${d.kind} "${d.id}".`,
    hint: (d) => `List them: GET /api/v1/projects/${d.project}/…`,
  }),
  LIST_TOKEN_INVALID: problem<{ got: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The page token "${d.got}" was not made by this list.`,
    hint: () => 'Begin again without a token.',
  }),
  VERSION_SOURCE_MISSING: problem<{ got: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `A version needs a source: either loggedModelId, or runId with path; got ${d.got}.`,
    hint: () => 'Log the model first, then register what was logged.',
  }),
  TOKEN_TOO_NARROW: problem<{ account: string }>({
    status: 403,
    exit: 'rejected',
    blame: 'caller',
    message: (d) =>
      `A token that may less than "${d.account}" makes no new tokens: it would give away more than it has.`,
    hint: () => 'Log in, or use a token without a scope.',
  }),
})
