import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

const bad = { status: 400, exit: 'usage', blame: 'caller' } as const

/** Errors of accounts, tokens and logins; the table feeds `docs/reference/errors.md`. */
export const securityErrors = defineErrors({
  LOGIN_FAILED: problem<{ means: string }>({
    ...bad,
    status: 401,
    message: (d) => `The ${d.means} is not valid.`,
    hint: () =>
      'Check it, and that the account is not disabled; an administrator lists them with `esteira user list` and `esteira token list`.',
  }),
  LOGIN_THROTTLED: problem<{ retryAfterSeconds: number }>({
    ...bad,
    status: 429,
    retryable: true,
    message: () => 'Too many logins failed for this name or from this address.',
    hint: (d) => `Try again in ${d.retryAfterSeconds} s.`,
  }),
  ACCOUNT_UNKNOWN: problem<{ name: string; known: readonly string[] }>({
    ...bad,
    status: 404,
    exit: 'not-found',
    message: (d) => `There is no account "${d.name}".`,
    hint: (d) => [didYouMean(d.name, d.known), '`esteira user list` lists them.'].join(' ').trim(),
  }),
  ACCOUNT_EXISTS: problem<{ name: string }>({
    ...bad,
    status: 409,
    exit: 'conflict',
    message: (d) => `There is already an account "${d.name}".`,
    hint: () =>
      'Choose another name; names are never given again, for the sake of the audit trail.',
  }),
  ACCOUNT_NAME_INVALID: problem<{ got: string }>({
    ...bad,
    message: (d) => `"${d.got}" cannot be the name of an account.`,
    hint: () =>
      'Use 1 to 100 letters, digits and . _ @ + -, beginning with a letter or a digit; "local" and "platform" are taken.',
  }),
  ACCOUNT_WITHOUT_PASSWORD: problem<{ name: string }>({
    ...bad,
    status: 409,
    exit: 'conflict',
    message: (d) => `"${d.name}" does not log in with a password.`,
    hint: () => 'Service accounts use tokens: `esteira token create`.',
  }),
  PASSWORD_TOO_SHORT: problem<{ minimum: number }>({
    ...bad,
    message: (d) => `The password is shorter than ${d.minimum} characters.`,
    hint: () => 'Take a sentence, or let a password manager make one.',
  }),
  PASSWORD_TOO_LONG: problem<{ maxBytes: number }>({
    ...bad,
    message: (d) => `The password is longer than ${d.maxBytes} bytes.`,
    hint: () => 'Take a shorter one.',
  }),
  ROLE_INVALID: problem<{ got: string; known: readonly string[] }>({
    ...bad,
    message: (d) => `"${d.got}" is no role.`,
    hint: (d) => [didYouMean(d.got, d.known), `Roles: ${d.known.join(', ')}.`].join(' ').trim(),
  }),
  ROLE_NOT_HELD: problem<{ name: string; project: string }>({
    ...bad,
    status: 404,
    exit: 'not-found',
    message: (d) => `"${d.name}" was granted no role in project "${d.project}".`,
    hint: () => '`esteira user list` shows who was granted what.',
  }),
  LAST_ADMINISTRATOR: problem<{ name: string }>({
    ...bad,
    status: 409,
    exit: 'conflict',
    message: (d) => `"${d.name}" is the last administrator of this server.`,
    hint: () => 'Make another one first: `esteira user grant <name> admin --in "*"`.',
  }),
  PERMISSION_UNKNOWN: problem<{ got: string; known: readonly string[] }>({
    ...bad,
    message: (d) => `"${d.got}" is no permission.`,
    hint: (d) =>
      [didYouMean(d.got, d.known), `Permissions: ${d.known.join(', ')}.`].join(' ').trim(),
  }),
  TOKEN_UNKNOWN: problem<{ id: string }>({
    ...bad,
    status: 404,
    exit: 'not-found',
    message: (d) => `There is no token "${d.id}".`,
    hint: () => '`esteira token list` lists the ids.',
  }),
  TOKEN_EXPIRY_INVALID: problem<{ got: string }>({
    ...bad,
    message: (d) => `A token cannot expire at ${d.got}: that is not in the future.`,
    hint: () => 'Give a time in the future, or none.',
  }),
  IDENTITY_REFUSED: problem<{ reason: string }>({
    ...bad,
    status: 403,
    message: (d) => `The login through the OpenID provider is refused: ${d.reason}.`,
    hint: () => 'Begin again at /login; an administrator can check the settings under oidc.',
  }),
  IDENTITY_PROVIDER_FAILED: problem<{ issuer: string; reason: string }>({
    status: 502,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The OpenID provider ${d.issuer} cannot be used: ${d.reason}.`,
    hint: () => 'Check oidc.issuer, oidc.clientId and that this server reaches the provider.',
  }),
})
