import { CommanderError } from 'commander'
import { EXIT_CODES } from '../../core/errors/index.ts'
import { createCommandSession } from './command-session.ts'
import { errors } from './errors.ts'
import { createColours } from './presentation/colours.ts'
import { failureJson, failureText } from './presentation/failure.ts'
import { createProgram } from './program.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs one command line, without the program's name.
 * @returns the exit code (`EXIT_CODES`); every failure is reported on the error stream.
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const session = createCommandSession(terminal)
  const program = createProgram(session)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return session.exitCode()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return EXIT_CODES.ok
    // Commander shows the help itself when a command is missing; there is nothing to add.
    if (error.code === 'commander.help') return EXIT_CODES.usage
    const failure = errors.COMMAND_INVALID({
      reason: error.message.replace(/^error: /, '').replaceAll('\n', ' '),
    })
    const isJson = args.includes('--json')
    const colours = createColours(terminal.hasColour)
    terminal.printError(isJson ? failureJson(failure) : failureText(failure, colours))
    return EXIT_CODES.usage
  }
}
