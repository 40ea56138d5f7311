import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import type { AuditFilter, Verification } from '../../../assurance/audit/index.ts'
import type { CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { tableText } from '../presentation/table.ts'
import { addDataOptions } from '../server-settings.ts'
import { withAccess } from '../with-access.ts'

/** `esteira audit …`: who did what, and whether anybody changed the record of it. */
export function auditCommand(session: CommandSession): Command {
  const command = new Command('audit').description('Read and verify the audit trail.')
  for (const part of [verify, list, exportAll]) command.addCommand(part(session))
  return command
}

function part(name: string, description: string): Command {
  return addDataOptions(new Command(name).description(description))
}

function verify(session: CommandSession): Command {
  const command = part(
    'verify',
    'Recompute the whole chain; any change of an entry is found, and exits with 5.',
  ).option('--expect-head <hash>', 'a head printed earlier, which must still be in the chain')
  return session.complete(command, (call, _values, options) =>
    withAccess(call, options, async ({ audit }) => {
      const expectHead = options.expectHead === undefined ? {} : { expectHead: hashOf(options) }
      const verification = await audit.verify(expectHead)
      return {
        json: verification,
        text: verificationText(verification),
        exit: verification.ok ? 'ok' : 'data',
      }
    }),
  )
}

function hashOf({ expectHead }: Readonly<Record<string, unknown>>): string {
  const text = String(expectHead).toLowerCase()
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw errors.COMMAND_INVALID({
    reason: '--expect-head: expected 64 hexadecimal digits, as `esteira audit verify` prints them',
  })
}

function verificationText({ ok, entries, head, firstBroken }: Verification): string {
  if (ok) return `good   ${entries} entries; keep this head elsewhere: ${head.hash}`
  return `broken at entry ${firstBroken?.sequence}: ${firstBroken?.reason}`
}

function list(session: CommandSession): Command {
  const command = part('list', 'List entries, oldest first.')
    .option('--after <number>', 'entries after this one', '0')
    .option('--limit <number>', 'at most so many', '100')
    .option('--actor <name>', 'of this account')
    .option('--action <action>', 'such as run.create')
    .option('--subject <subject>', 'such as model/churn/version/3')
    .option('--in <project>', 'of this project')
    .option('--outcome <outcome>', 'done or refused')
  return session.complete(command, (call, _values, options) => {
    const page = { after: countOf(options, 'after'), limit: countOf(options, 'limit') }
    const filter = filterOf(options)
    return withAccess(call, options, async ({ audit }) => {
      const entries = await audit.list({ ...page, filter })
      const rows = entries.map((entry) => [
        String(entry.sequence),
        new Date(entry.atMs).toISOString(),
        entry.actor,
        entry.from,
        entry.outcome,
        entry.action,
        entry.subject,
        entry.project,
        entry.reason ?? '',
      ])
      const headings = ['no', 'at', 'who', 'from', 'outcome', 'action', 'subject', 'project', 'why']
      return { json: entries, text: rows.length === 0 ? 'None.' : tableText(headings, rows) }
    })
  })
}

function countOf(options: Readonly<Record<string, unknown>>, name: string): number {
  const count = Number(options[name])
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw errors.COMMAND_INVALID({
    reason: `--${name}: expected a whole number from 0, got "${options[name]}"`,
  })
}

function filterOf(options: Readonly<Record<string, unknown>>): AuditFilter {
  const { outcome } = options
  if (outcome !== undefined && outcome !== 'done' && outcome !== 'refused') {
    throw errors.COMMAND_INVALID({
      reason: `--outcome: expected done or refused, got "${outcome}"`,
    })
  }
  const text = (name: string, value: unknown) =>
    value === undefined ? {} : { [name]: String(value) }
  return {
    ...text('actor', options.actor),
    ...text('action', options.action),
    ...text('subject', options.subject),
    ...text('project', options.in),
    ...(outcome === undefined ? {} : { outcome }),
  }
}

function exportAll(session: CommandSession): Command {
  const command = part(
    'export',
    'Write all entries to a new file, one JSON document a line.',
  ).requiredOption('--out <file>', 'file to write; it must not exist')
  return session.complete(command, (call, _values, options) =>
    withAccess(call, options, async ({ audit }) => {
      const file = path.resolve(call.terminal.folder, String(options.out))
      await writeNew(file, audit.exportLines())
      const { count, hash } = await audit.head()
      return { json: { file, head: { count, hash } }, text: `Wrote ${file}; the head is ${hash}.` }
    }),
  )
}

/** @throws COMMAND_INVALID when the file is there already or cannot be written */
async function writeNew(file: string, lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), createWriteStream(file, { flags: 'wx' }))
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw errors.COMMAND_INVALID({ reason: `--out: ${cause.message}` }, cause)
  }
}
