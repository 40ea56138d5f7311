import { statSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import type { LoadedConfig } from '../server/index.ts'
import type { CommandCall } from './command-session.ts'

/** The options of every command that works on a server's data. */
export function addDataOptions(command: Command): Command {
  return command
    .option('--data-dir <folder>', "the server's folder; <project>/.esteira when absent")
    .option('--database-url <url>', 'metadata database: a path or postgresql://…')
    .option('--config <file>', 'settings; esteira.server.yaml in the data folder when absent')
}

/** Flags, variables and the file together. @throws CONFIG_INVALID */
export async function serverSettings(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
): Promise<LoadedConfig> {
  const { loadConfig } = await import('../server/index.ts')
  return loadConfig({
    flags: options,
    environment: call.terminal.environment,
    folder: folderOf(call.project),
  })
}

/** `--project` may name the project file itself. */
export function folderOf(project: string): string {
  const isFile = statSync(project, { throwIfNoEntry: false })?.isFile() === true
  return path.resolve(isFile ? path.dirname(project) : project)
}
