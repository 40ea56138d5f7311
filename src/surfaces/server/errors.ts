import { defineErrors, problem } from '../../core/errors/index.ts'

const refused = { exit: 'usage', blame: 'caller' } as const

/** Errors of the server's door; the table feeds `docs/reference/errors.md`. */
export const serverErrors = defineErrors({
  PERMISSION_DENIED: problem<{ name: string; permission: string; project: string }>({
    ...refused,
    status: 403,
    message: (d) => `"${d.name}" may not ${d.permission} in project "${d.project}".`,
    hint: (d) =>
      `An administrator can grant a role: esteira user grant ${d.name} <role> --in ${d.project}; docs/reference/permissions.md says which is needed.`,
  }),
  LOGIN_NEEDED: problem<Record<string, never>>({
    ...refused,
    status: 401,
    message: () => 'This server answers only to those who say who they are.',
    hint: () =>
      'Send a name and password (Basic), an API token (Bearer), or log in at /login; `esteira token create` makes a token.',
  }),
  AUTHORIZATION_INVALID: problem<{ reason: string }>({
    ...refused,
    status: 401,
    message: (d) => `The Authorization header cannot be used: ${d.reason}.`,
    hint: () => 'Send it once, as `Basic <base64 of name:password>` or `Bearer <token>`.',
  }),
  HOST_NAME_REFUSED: problem<{ host: string }>({
    ...refused,
    status: 403,
    message: (d) => `This server answers on this machine only, not as "${d.host}".`,
    hint: () => 'Ask http://127.0.0.1 or http://localhost, or start it with --require-login.',
  }),
  CSRF_REFUSED: problem<{ reason: string }>({
    ...refused,
    status: 403,
    message: (d) => `The request is refused, since another site may have sent it: ${d.reason}.`,
    hint: () =>
      'From a page of this server, send the value of the cookie esteira_csrf in the header X-CSRF-Token; programs use an API token instead of a cookie.',
  }),
  LOGIN_NOT_SET_UP: problem<{ host: string }>({
    ...refused,
    status: 500,
    message: (d) =>
      `The server would be open to everybody at ${d.host}: nobody can log in yet, so it does not start.`,
    hint: () =>
      'Create an administrator: `esteira user create <name> --admin` (or set oidc.issuer); for predictions alone ESTEIRA_GATEWAY_TOKEN is enough; or listen on 127.0.0.1.',
  }),
  SERVER_ADDRESS_TAKEN: problem<{ host: string; port: number; reason: string }>({
    ...refused,
    status: 500,
    exit: 'conflict',
    message: (d) => `The server cannot listen on ${d.host}:${d.port}: ${d.reason}.`,
    hint: () => 'Choose another port with --port, or 0 for any free one.',
  }),
  PATH_UNKNOWN: problem<{ method: string; path: string }>({
    ...refused,
    status: 404,
    exit: 'not-found',
    message: (d) => `There is nothing at ${d.method} ${d.path}.`,
    hint: () => 'GET /version says what this server is; docs/reference lists its routes.',
  }),
  REQUEST_INVALID: problem<{ reason: string }>({
    ...refused,
    status: 400,
    message: (d) => `The request is refused: ${d.reason}.`,
    hint: () => 'Send a well-formed HTTP request with a JSON body.',
  }),
  REQUEST_TOO_LARGE: problem<{ reason: string }>({
    ...refused,
    status: 413,
    message: (d) => `The request is too large: ${d.reason}.`,
    hint: () => 'Send less at once.',
  }),
  MEDIA_TYPE_WRONG: problem<{ got: string }>({
    ...refused,
    status: 415,
    message: (d) => `The content type "${d.got}" is not understood here.`,
    hint: () => 'Send JSON with the header `content-type: application/json`.',
  }),
  TOO_MANY_REQUESTS: problem<{ retryAfterSeconds: number }>({
    ...refused,
    status: 429,
    retryable: true,
    message: () => 'Too many requests came from here in the last minute.',
    hint: (d) => `Ask again in ${d.retryAfterSeconds} s; rateLimit.perMinute sets the limit.`,
  }),
  SERVER_FAULT: problem<Record<string, never>>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: () => 'The server failed to answer this request.',
    hint: () => "The server's error output says why, under the same request id.",
  }),
  CONFIG_INVALID: problem<{ source: string; reason: string; hint: string }>({
    ...refused,
    status: 400,
    message: (d) => `The configuration (${d.source}) cannot be used: ${d.reason}.`,
    hint: (d) => d.hint,
  }),
})
