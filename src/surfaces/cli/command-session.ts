import { type Command, Option } from 'commander'
import { EXIT_CODES, type ExitName, type PlatformError } from '../../core/errors/index.ts'
import { asPlatformError } from './as-platform-error.ts'
import { type Interruption, listenForInterrupts } from './interruption.ts'
import { type Colours, createColours } from './presentation/colours.ts'
import { failureJson, failureText } from './presentation/failure.ts'
import { createProgressDisplay, type ProgressDisplay } from './presentation/progress-display.ts'
import type { Terminal } from './terminal.ts'

/** What a command ends with: a document for programs, a text for people, an exit code. */
export interface CommandOutcome {
  readonly json: unknown
  readonly text: string
  /** `ok` when absent. */
  readonly exit?: ExitName
}

/** What every command is given. */
export interface CommandCall {
  readonly terminal: Terminal
  readonly colours: Colours
  readonly isJson: boolean
  /** Folder or file of the project. */
  readonly project: string
  readonly interruption: Interruption
  readonly display: ProgressDisplay
  /** Shows a result before the command ends (an address that is now open). */
  announce(outcome: CommandOutcome): void
}

export type CommandWork = (
  call: CommandCall,
  values: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
) => Promise<CommandOutcome | undefined>

/** One invocation of the program: makes commands' actions and remembers how it ended. */
export interface CommandSession {
  readonly terminal: Terminal
  /** Adds the options all commands share, and the work. */
  complete(command: Command, work: CommandWork): Command
  exitCode(): number
}

function present(outcome: CommandOutcome, isJson: boolean, terminal: Terminal): void {
  const text = isJson ? JSON.stringify(outcome.json, null, 2) : outcome.text
  if (text !== '') terminal.print(text)
}

function reportFailure(error: PlatformError, isJson: boolean, terminal: Terminal): void {
  const colours = createColours(terminal.hasColour)
  terminal.printError(isJson ? failureJson(error) : failureText(error, colours))
  const trace = error.cause instanceof Error ? error.cause.stack : error.stack
  if (terminal.environment.ESTEIRA_TRACE === '1') terminal.printError(`${trace ?? ''}\n`)
}

export function createCommandSession(terminal: Terminal): CommandSession {
  let code: number = EXIT_CODES.ok
  const runWork = async (command: Command, work: CommandWork): Promise<void> => {
    const options = command.opts()
    const isJson = options.json === true
    const interruption = listenForInterrupts(terminal)
    const display = createProgressDisplay(terminal, isJson)
    const announce = (outcome: CommandOutcome) => present(outcome, isJson, terminal)
    const project = typeof options.project === 'string' ? options.project : terminal.folder
    const colours = createColours(terminal.hasColour)
    const call = { terminal, colours, isJson, project, interruption, display, announce }
    try {
      const outcome = await work(call, command.processedArgs, options)
      display.close()
      if (outcome === undefined) return
      present(outcome, isJson, terminal)
      code = EXIT_CODES[outcome.exit ?? 'ok']
    } catch (error) {
      display.close()
      const failure = asPlatformError(error, interruption.signal)
      reportFailure(failure, isJson, terminal)
      code = EXIT_CODES[failure.exit]
    } finally {
      interruption.stopListening()
    }
  }
  return {
    terminal,
    complete: (command, work) =>
      command
        .addOption(
          new Option('--project <folder>', 'folder of the project file, or the file').default(
            undefined,
            'the current folder',
          ),
        )
        .option('--json', 'one JSON document on standard output, errors as JSON', false)
        .action(() => runWork(command, work)),
    exitCode: () => code,
  }
}
