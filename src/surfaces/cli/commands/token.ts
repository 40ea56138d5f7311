import { Command } from 'commander'
import type { ApiToken, Permission, TokenScope } from '../../../assurance/security/index.ts'
import type { CommandSession } from '../command-session.ts'
import { instantOption } from '../instant-option.ts'
import { tableText } from '../presentation/table.ts'
import { addDataOptions } from '../server-settings.ts'
import { withAccess } from '../with-access.ts'

/** `esteira token …`: keys for programs. */
export function tokenCommand(session: CommandSession): Command {
  const command = new Command('token').description('Manage API tokens.')
  for (const part of [create, list, revoke]) command.addCommand(part(session))
  return command
}

function part(name: string, description: string): Command {
  return addDataOptions(new Command(name).description(description))
}

function create(session: CommandSession): Command {
  const command = part('create', 'Create a token; its text is printed this once.')
    .argument('<account>', 'whose: a user or service account')
    .requiredOption('--name <text>', 'what it is for')
    .option('--permissions <list>', 'only these, such as experiments:read,artifacts:read')
    .option('--in <project>', 'only in this project')
    .option('--endpoints <list>', 'only for these endpoints')
    .option('--expires <time>', 'ISO 8601 date or time after which it is worth nothing')
  return session.complete(command, (call, [account = ''], options) => {
    const expiresAtMs = instantOption('--expires', options.expires)
    const scope = scopeOf(options)
    const token = { account, name: String(options.name), scope }
    return withAccess(call, options, async ({ access, by }) => {
      const created = await access.createToken(
        { ...token, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) },
        by,
      )
      return {
        json: created,
        text: `${created.text}\n\nKeep it now: it is shown this once. Its id is ${created.id}.`,
      }
    })
  })
}

function scopeOf(options: Readonly<Record<string, unknown>>): TokenScope {
  const listOf = (value: unknown) =>
    value === undefined
      ? null
      : String(value)
          .split(',')
          .map((text) => text.trim())
  return {
    // An unknown permission is refused by name.
    permissions: listOf(options.permissions) as readonly Permission[] | null,
    project: options.in === undefined ? null : String(options.in),
    endpoints: listOf(options.endpoints),
  }
}

function list(session: CommandSession): Command {
  const command = part('list', 'List tokens, never their secrets.').argument(
    '[account]',
    'whose; all when absent',
  )
  return session.complete(command, (call, [account], options) =>
    withAccess(call, options, async ({ access }) => {
      const tokens = await access.listTokens(account)
      const rows = tokens.map((token) => [
        token.id,
        token.account,
        token.name,
        scopeText(token),
        dateText(token.expiresAtMs),
        dateText(token.lastUsedAtMs),
        token.revokedAtMs === null ? '' : 'revoked',
      ])
      const headings = ['id', 'account', 'name', 'scope', 'expires', 'last used', '']
      return {
        json: tokens,
        text: rows.length === 0 ? 'No tokens yet.' : tableText(headings, rows),
      }
    }),
  )
}

function scopeText({ scope }: ApiToken): string {
  const parts = [
    scope.permissions?.join(','),
    scope.project === null ? undefined : `in ${scope.project}`,
    scope.endpoints === null ? undefined : `endpoints ${scope.endpoints.join(',')}`,
  ]
  return parts.filter((text) => text !== undefined).join(' ') || 'all of the account'
}

function dateText(ms: number | null): string {
  return ms === null ? '-' : new Date(ms).toISOString().slice(0, 16)
}

function revoke(session: CommandSession): Command {
  const command = part('revoke', 'Make a token worthless.').argument(
    '<id>',
    'id of the token; `esteira token list` shows it',
  )
  return session.complete(command, (call, [id = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      await access.revokeToken(id, by)
      return { json: { id, isRevoked: true }, text: `Revoked token ${id}.` }
    }),
  )
}
