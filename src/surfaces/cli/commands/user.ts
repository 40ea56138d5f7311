import { Command } from 'commander'
import type { Role } from '../../../assurance/security/index.ts'
import type { CommandSession } from '../command-session.ts'
import { tableText } from '../presentation/table.ts'
import { readPassword } from '../read-password.ts'
import { addDataOptions } from '../server-settings.ts'
import { withAccess } from '../with-access.ts'

const QUESTION = 'Password (at least 10 characters): '

/** `esteira user …`: who may use the server, and as what. */
export function userCommand(session: CommandSession): Command {
  const parts = [create, password, disable, enable, grant, revoke, list]
  const command = new Command('user').description('Manage who may use the server.')
  for (const part of parts) command.addCommand(part(session))
  return command
}

function part(name: string, description: string): Command {
  return addDataOptions(new Command(name).description(description))
}

function create(session: CommandSession): Command {
  const command = part('create', 'Create a user; the password is read from standard input.')
    .argument('<name>', 'name to log in with')
    .option('--admin', 'grant admin of all projects', false)
    .option('--service', 'create a service account, which has tokens and no password', false)
  return session.complete(command, (call, [name = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      const account =
        options.service === true
          ? await access.createServiceAccount(name, by)
          : await access.createUser(
              { name, password: await readPassword(QUESTION), isAdmin: options.admin === true },
              by,
            )
      if (options.service === true && options.admin === true) {
        await access.grantRole({ account: name, project: '*', role: 'admin' }, by)
      }
      return { json: account, text: `Created ${account.kind} "${name}".` }
    }),
  )
}

function password(session: CommandSession): Command {
  const command = part('password', 'Set a password, read from standard input.').argument(
    '<name>',
    'whose',
  )
  return session.complete(command, (call, [name = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      await access.setPassword(name, await readPassword(QUESTION), by)
      return { json: { name }, text: `Set the password of "${name}"; its sessions have ended.` }
    }),
  )
}

function disable(session: CommandSession): Command {
  const command = part('disable', 'Keep an account out, with all its tokens.').argument(
    '<name>',
    'whom',
  )
  return session.complete(command, (call, [name = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      await access.disableUser(name, by)
      return { json: { name, isDisabled: true }, text: `Disabled "${name}".` }
    }),
  )
}

function enable(session: CommandSession): Command {
  const command = part('enable', 'Let a disabled account in again.').argument('<name>', 'whom')
  return session.complete(command, (call, [name = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      await access.enableUser(name, by)
      return { json: { name, isDisabled: false }, text: `Enabled "${name}".` }
    }),
  )
}

function grant(session: CommandSession): Command {
  const command = part('grant', 'Give an account a role in a project, instead of the one it has.')
    .argument('<name>', 'whom')
    .argument('<role>', 'viewer, contributor, approver or admin')
    .option('--in <project>', 'project; "*" is all of them', 'default')
  return session.complete(command, (call, [name = '', role = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      const project = String(options.in)
      // An unknown role is refused by name.
      await access.grantRole({ account: name, project, role: role as Role }, by)
      return {
        json: { account: name, project, role },
        text: `"${name}" is ${role} in project "${project}".`,
      }
    }),
  )
}

function revoke(session: CommandSession): Command {
  const command = part('revoke', "Take an account's role in a project away.")
    .argument('<name>', 'whose')
    .option('--in <project>', 'project; "*" is all of them', 'default')
  return session.complete(command, (call, [name = ''], options) =>
    withAccess(call, options, async ({ access, by }) => {
      const project = String(options.in)
      await access.revokeRole({ account: name, project }, by)
      return {
        json: { account: name, project },
        text: `"${name}" has no granted role in project "${project}" any more.`,
      }
    }),
  )
}

function list(session: CommandSession): Command {
  return session.complete(
    part('list', 'List accounts and their roles.'),
    (call, _values, options) =>
      withAccess(call, options, async ({ access }) => {
        const [accounts, roles] = await Promise.all([access.listAccounts(), access.roles()])
        const all = accounts.map((account) => ({
          ...account,
          roles: roles.filter((role) => role.account === account.name),
        }))
        const rows = all.map((account) => [
          account.name,
          account.kind,
          account.isDisabled ? 'disabled' : account.login,
          account.roles.map(({ project, role }) => `${role} in ${project}`).join(', ') || '-',
        ])
        const text = tableText(['name', 'kind', 'login', 'roles'], rows)
        return { json: all, text: rows.length === 0 ? 'No accounts yet.' : text }
      }),
  )
}
