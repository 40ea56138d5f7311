import path from 'node:path'
import { Command } from 'commander'
import type { MigrationReport } from '../../../platform/database/index.ts'
import type { CommandCall, CommandSession } from '../command-session.ts'
import { databaseUrl } from '../database-url.ts'
import { migrationText } from '../presentation/migration-text.ts'

/** By the option, the variable, or the project's own file. */
async function addressOf(call: CommandCall, option: unknown): Promise<string> {
  const url = typeof option === 'string' ? option : databaseUrl(call.terminal.environment)
  if (url !== undefined) return url
  const { findProjectFile } = await import('../../../platform/project-file/index.ts')
  const folder = path.dirname(findProjectFile(call.project))
  return path.join(folder, '.esteira', 'metadata.db')
}

/** `esteira migrate`: the steps of the schema that a database lacks, shown, rehearsed or taken. */
export function migrateCommand(session: CommandSession): Command {
  const command = new Command('migrate')
    .description('Bring the schema of the metadata database up to date, all steps or none.')
    .option(
      '--database-url <url>',
      'the database; ESTEIRA_DATABASE_URL or the project’s own file when absent',
    )
    .option('--dry-run', 'run the pending steps in a transaction that is rolled back', false)
  return session.complete(command, async (call, _values, options) => {
    const { migrateDatabase } = await import('../../../platform/database/index.ts')
    const url = await addressOf(call, options.databaseUrl)
    const report: MigrationReport = await migrateDatabase({
      url,
      isRehearsal: options.dryRun === true,
    })
    return { json: report, text: migrationText(report) }
  })
}
