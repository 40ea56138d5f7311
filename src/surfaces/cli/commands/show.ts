import { Argument, Command } from 'commander'
import { RECORD_KINDS, type RecordKind } from '../../../core/records/index.ts'
import type { Platform } from '../../../flows/index.ts'
import type { CommandOutcome, CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { timeText } from '../presentation/quantities.ts'
import { tableText } from '../presentation/table.ts'
import { withPlatform } from '../with-platform.ts'

/** Everyday words for kinds of records. */
const ALIASES: Readonly<Record<string, RecordKind>> = {
  version: 'model-version',
  decision: 'retraining-decision',
  rollout: 'rollout-decision',
  window: 'monitor-window',
  belt: 'belt-run',
}

function isRecordKind(word: string): word is RecordKind {
  return Object.hasOwn(RECORD_KINDS, word)
}

function kindOf(word: string): RecordKind {
  const kind = ALIASES[word] ?? word
  if (!isRecordKind(kind)) throw new RangeError(`"${word}" is no kind of record`)
  return kind
}

async function showKinds({ store }: Platform): Promise<CommandOutcome> {
  const kinds = Object.keys(RECORD_KINDS).filter(isRecordKind)
  const counts = await Promise.all(
    kinds.map(async (kind) => ({ kind, count: (await store.list(kind)).length })),
  )
  const rows = counts.map(({ kind, count }) => [kind, String(count)])
  return { json: counts, text: tableText(['kind', 'records'], rows) }
}

async function showList({ store }: Platform, kind: RecordKind): Promise<CommandOutcome> {
  const found = await store.list(kind)
  const entries = found.map(({ id, createdAtMs }) => ({
    id,
    createdAt: new Date(createdAtMs).toISOString(),
  }))
  const rows = entries.map(({ id, createdAt }) => [id, timeText(createdAt)])
  return { json: entries, text: tableText([kind, 'created'], rows) }
}

/** A record by its id, by the beginning of its id if only one begins so, or a version by number. */
async function findRecord({ store }: Platform, kind: RecordKind, id: string): Promise<unknown> {
  const exact = await store.get(kind, id)
  if (exact !== undefined) return exact
  const all = await store.list(kind)
  const byNumber = all.find(
    ({ record }) =>
      'version' in record &&
      kind === 'model-version' &&
      String(record.version) === id.replace(/^v/, ''),
  )
  if (byNumber !== undefined) return byNumber.record
  const [only, ...others] = all.filter((entry) => entry.id.startsWith(id))
  if (only !== undefined && others.length === 0) return only.record
  throw errors.RECORD_UNKNOWN({ kind, id, known: all.map((entry) => entry.id) })
}

/** `esteira show [KIND] [ID]`: any record, whole. */
export function showCommand(session: CommandSession): Command {
  const words = [...Object.keys(ALIASES), ...Object.keys(RECORD_KINDS)]
  const command = new Command('show')
    .description('Show the kinds of records, the records of a kind, or one record.')
    .addArgument(new Argument('[kind]', 'what to show').choices(words))
    .argument('[id]', 'id, or its beginning; a version also by its number')
  return session.complete(command, (call, [word, id]) =>
    withPlatform(call, async (platform) => {
      if (word === undefined) return showKinds(platform)
      const kind = kindOf(word)
      if (id === undefined) return showList(platform, kind)
      const record = await findRecord(platform, kind, id)
      const { stringify } = await import('yaml')
      return { json: record, text: stringify(record).trimEnd() }
    }),
  )
}
