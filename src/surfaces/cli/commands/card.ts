import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { addDataOptions } from '../server-settings.ts'
import { versionOf } from '../version-argument.ts'
import { type RegistryWork, withRegistry } from '../with-registry.ts'

interface CardRequest {
  readonly model: string
  readonly version: number
  /** Text of a new revision. */
  readonly text: string | undefined
  readonly reason: string | undefined
}

/** `esteira card MODEL VERSION`: shows a version's card, or writes what people say on it. */
export function cardCommand(session: CommandSession): Command {
  const command = addDataOptions(new Command('card'))
    .description('Show the card of a version; with --write, write a new revision of its notes.')
    .argument('<model>', 'name of the registered model')
    .argument('<version>', 'number of the version')
    .option('--write <file>', 'Markdown file with the notes; the measured facts stay as they are')
    .option('--reason <text>', 'why the notes change; kept with the revision')
  return session.complete(command, async (call, [model, version], options) => {
    const text = options.write === undefined ? undefined : await notesOf(String(options.write))
    const request = {
      model: String(model),
      version: versionOf(version),
      text,
      reason: options.reason === undefined ? undefined : String(options.reason),
    }
    return withRegistry(call, options, (work) => showCard(work, request))
  })
}

async function notesOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw errors.COMMAND_INVALID({ reason: `--write: the notes cannot be read: ${reason}` }, cause)
  }
}

async function showCard(work: RegistryWork, { model, version, text, reason }: CardRequest) {
  const { by, catalog, config, database, governance } = work
  if (text !== undefined) {
    if (reason === undefined) {
      throw errors.COMMAND_INVALID({ reason: '--write: say why the notes change with --reason' })
    }
    const [newest] = await governance.cardRevisions(model, version)
    const after = newest?.revision ?? 0
    await governance.editCard(by, { model, version, text, reason, after })
  }
  const [{ readCard }, { openArtifactStore }] = await Promise.all([
    import('../../../flows/index.ts'),
    import('../../../platform/storage/index.ts'),
  ])
  const artifacts = openArtifactStore(path.join(config.dataDir, 'artifacts'))
  const card = await readCard({ database, artifacts, catalog, governance, model, version })
  return { json: card, text: card.page }
}
