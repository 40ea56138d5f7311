import type { Account, ApiToken, TokenScope } from '../../../assurance/security/index.ts'
import { actorOf, guard, requireFor } from '../caller.ts'
import { apiErrors } from '../errors.ts'
import type { Call, HandlersOf } from '../handler.ts'

const DAY_MS = 86_400_000
/** What belongs to no one project is governed by roles on all of them. */
const EVERYWHERE = '*'

async function withRoles(context: Call['context'], account: Account) {
  const grants = await context.access.roles(account.name)
  const roles = grants.map(({ project, role, source }) => ({ project, role, source }))
  return { ...account, roles }
}

export const accountHandlers: HandlersOf<'accounts'> = {
  'accounts.list': async (call) => {
    await guard(call, EVERYWHERE)
    const accounts = await call.context.access.listAccounts()
    const items = await Promise.all(accounts.map((account) => withRoles(call.context, account)))
    return { items }
  },
  'accounts.create': async (call) => {
    const { body, context } = call
    await guard(call, EVERYWHERE, `account/${body.name}`)
    const account =
      body.kind === 'user'
        ? await context.access.createUser(body, actorOf(call))
        : await context.access.createServiceAccount(body.name, actorOf(call))
    return withRoles(context, account)
  },
  'accounts.disable': async (call) => {
    await guard(call, EVERYWHERE, `account/${call.params.account}`)
    await call.context.access.disableUser(call.params.account, actorOf(call))
    return undefined
  },
}

export const roleHandlers: HandlersOf<'roles'> = {
  'roles.grant': async (call) => {
    const { body, context, params } = call
    await guard(call, params.project, `account/${params.account}`)
    await context.access.grantRole({ ...params, role: body.role }, actorOf(call))
    return undefined
  },
  'roles.revoke': async (call) => {
    const { context, params } = call
    await guard(call, params.project, `account/${params.account}`)
    await context.access.revokeRole(params, actorOf(call))
    return undefined
  },
}

/** One's own tokens are one's own affair; those of others are the administrator's. */
async function permitTokensOf(call: Pick<Call, 'request'>, account: string): Promise<void> {
  if (call.request.principal.name === account) return
  await requireFor(call, 'server:admin', {
    project: EVERYWHERE,
    subject: `account/${account}`,
  })
}

function wireToken(token: ApiToken) {
  const { permissions, project, endpoints } = token.scope
  const copied = {
    permissions: permissions === null ? null : [...permissions],
    project,
    endpoints: endpoints === null ? null : [...endpoints],
  }
  const { id, account, name, createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs } = token
  return { id, account, name, scope: copied, createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs }
}

/** Without the members that were not said. */
function defined(scope: { [K in keyof TokenScope]?: TokenScope[K] | undefined }) {
  const { permissions = null, project = null, endpoints = null } = scope
  return { permissions, project, endpoints }
}

export const tokenHandlers: HandlersOf<'tokens'> = {
  'tokens.list': async (call) => {
    const account = call.query.account ?? call.request.principal.name
    await permitTokensOf(call, account)
    const tokens = await call.context.access.listTokens(account)
    return { items: tokens.map(wireToken) }
  },
  'tokens.create': async (call) => {
    const { body, context, request } = call
    const account = body.account ?? request.principal.name
    await permitTokensOf(call, account)
    if (request.principal.isNarrowed) throw apiErrors.TOKEN_TOO_NARROW({ account })
    const expiresAtMs = Math.round(context.clock.now()) + body.expiresInDays * DAY_MS
    const { name, scope } = body
    const token = await context.access.createToken(
      { account, name, expiresAtMs, ...(scope === undefined ? {} : { scope: defined(scope) }) },
      actorOf(call),
    )
    return { ...wireToken(token), text: token.text }
  },
  'tokens.revoke': async (call) => {
    const { context, params } = call
    const tokens = await context.access.listTokens()
    const token = tokens.find(({ id }) => id === params.tokenId)
    await permitTokensOf(call, token?.account ?? '')
    await context.access.revokeToken(params.tokenId, actorOf(call))
    return undefined
  },
}
