import type { Command } from 'commander'
import { EXIT_CODES, type ExitName } from '../../src/core/errors/index.ts'
import { createCommandSession } from '../../src/surfaces/cli/command-session.ts'
import { createProgram } from '../../src/surfaces/cli/program.ts'
import type { Terminal } from '../../src/surfaces/cli/terminal.ts'
import { GENERATED, markdownTable } from './markdown-table.ts'

/** A terminal that shows nothing: the page needs the commands, not their work. */
const NO_TERMINAL: Terminal = {
  environment: {},
  folder: '.',
  isLive: false,
  hasColour: false,
  columns: 80,
  print: () => undefined,
  printError: () => undefined,
  onInterrupt: () => () => undefined,
  exitNow: () => undefined,
}

const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: 'All done.',
  internal: 'A fault of Esteira itself.',
  usage: 'Wrong use: an unknown option, an invalid project file.',
  rejected: "The gate's final verdict is NO; nothing was deployed.",
  'no-go': 'The feasibility check ended in NO-GO.',
  data: 'A source or its data broke a rule.',
  worker: 'A worker process failed.',
  environment: 'Something is missing on this machine; `esteira doctor` says what.',
  conflict:
    'Something is in the way: another run holds the project, or a reproduction came out different.',
  'not-found': 'The named thing does not exist.',
  interrupted: 'Interrupted by Ctrl-C or SIGTERM.',
}

/** Commands that do something; one with parts is only their name. */
function leaves(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`
}

function commandText(command: Command): string {
  const help = command.createHelp()
  const parts = [
    `## ${fullName(command)}`,
    command.description(),
    `\`\`\`text\n${help.commandUsage(command)}\n\`\`\``,
  ]
  const args = command.registeredArguments.map((argument) => [
    `\`${argument.name()}\``,
    help.argumentDescription(argument),
  ])
  if (args.length > 0) parts.push(markdownTable(['argument', 'meaning'], args))
  const options = help
    .visibleOptions(command)
    .filter((option) => option.long !== '--help')
    .map((option) => [`\`${option.flags}\``, help.optionDescription(option)])
  parts.push(markdownTable(['option', 'meaning'], options))
  return parts.join('\n\n')
}

/** `docs/reference/cli.md`: every command as its own help tells it, and the exit codes. */
export function commandLinePage(): string {
  const program = createProgram(createCommandSession(NO_TERMINAL))
  const exits = Object.entries(EXIT_CODES).map(([name, code]) => [
    String(code),
    `\`${name}\``,
    EXIT_MEANINGS[name as ExitName],
  ])
  return `${[
    GENERATED,
    '# Command line',
    program.description(),
    'Results go to standard output, progress and errors to standard error. With `--json`, standard output is one JSON document, and an error is one JSON document on standard error.',
    ...program.commands.flatMap(leaves).map(commandText),
    '## Exit codes',
    markdownTable(['code', 'name', 'meaning'], exits),
  ].join('\n\n')}\n`
}
