import { defineErrors, problem } from '../../../core/errors/index.ts'

/** Errors of promotions, approvals and rules; the table feeds `docs/reference/errors.md`. */
export const governanceErrors = defineErrors({
  APPROVAL_NEEDED: problem<{
    model: string
    version: number
    environment: string
    needed: number
    got: number
    request: string | null
  }>({
    status: 409,
    exit: 'rejected',
    blame: 'caller',
    message: (d) =>
      `Version ${d.version} of "${d.model}" cannot enter ${d.environment}: it needs ${d.needed} approval${d.needed === 1 ? '' : 's'}, got ${d.got}.`,
    hint: (d) =>
      d.request === null
        ? `Ask for them: \`esteira approve request ${d.model} ${d.version} ${d.environment}\`.`
        : `Someone who may approve decides on it: \`esteira approve accept ${d.request}\`.`,
  }),
  APPROVAL_REQUEST_NOT_FOUND: problem<{ request: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `There is no request for approval "${d.request}".`,
    hint: () => 'See the open ones with `esteira approve list`.',
  }),
  APPROVAL_REQUEST_CLOSED: problem<{ request: string; state: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `The request for approval "${d.request}" is closed: it is ${d.state}.`,
    hint: () => 'Ask again for the same version and environment.',
  }),
  APPROVAL_BY_ANOTHER: problem<{ request: string; by: string; because: string }>({
    status: 403,
    exit: 'rejected',
    blame: 'caller',
    message: (d) => `"${d.by}" cannot approve the request "${d.request}": ${d.because}.`,
    hint: () => 'Four eyes are asked for: let somebody else decide.',
  }),
  APPROVER_ROLE_NEEDED: problem<{ by: string; needed: string; got: string; project: string }>({
    status: 403,
    exit: 'rejected',
    blame: 'caller',
    message: (d) =>
      `"${d.by}" cannot decide on promotions of "${d.project}": the role ${d.needed} is needed, got ${d.got}.`,
    hint: () => 'An administrator of the project can grant the role.',
  }),
  DECIDED_ALREADY: problem<{ request: string; by: string; decision: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `"${d.by}" has decided on "${d.request}" already: ${d.decision}.`,
    hint: () => 'A decision stands; ask again with a new request if things have changed.',
  }),
  REASON_NEEDED: problem<{ what: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `${d.what} needs a reason; got none.`,
    hint: () => 'Say why, in words that somebody understands in a year.',
  }),
  PROMOTION_RULE_INVALID: problem<{ reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `This promotion rule cannot be kept: ${d.reason}`,
    hint: () =>
      'Fields: previousEnvironment, verdict (always, judged, never), approvals, approvalsUnjudged (0 to 10), waivedWithoutLogins, fourEyes, approverRole, approvalsLastMs.',
  }),
  CARD_TOO_LONG: problem<{ length: number; most: number }>({
    status: 413,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `A model card holds at most ${d.most} characters; got ${d.length}.`,
    hint: () => 'Shorten it, or link to a longer document.',
  }),
  CARD_CHANGED: problem<{ read: number; current: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `The model card was edited meanwhile: revision ${d.current} is newer than ${d.read}, which you have read.`,
    hint: () => 'Read the newest revision, take over your changes, and save again.',
  }),
})
