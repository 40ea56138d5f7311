import { Command } from 'commander'
import { EXIT_CODES } from '../../core/errors/index.ts'
import type { CommandSession } from './command-session.ts'
import { adoptCommand } from './commands/adopt.ts'
import { approveCommand } from './commands/approve.ts'
import { auditCommand } from './commands/audit.ts'
import { cardCommand } from './commands/card.ts'
import { checkCommand } from './commands/check.ts'
import { collectGarbageCommand } from './commands/collect-garbage.ts'
import { compareCommand } from './commands/compare.ts'
import { configCommand } from './commands/config.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { historyCommand } from './commands/history.ts'
import { importCommand } from './commands/import.ts'
import { migrateCommand } from './commands/migrate.ts'
import { packageCommand } from './commands/package.ts'
import { predictCommand } from './commands/predict.ts'
import { promoteCommand } from './commands/promote.ts'
import { replayCommand } from './commands/replay.ts'
import { reproduceCommand } from './commands/reproduce.ts'
import { retireCommand } from './commands/retire.ts'
import { rollbackCommand } from './commands/rollback.ts'
import { rolloutCommand } from './commands/rollout.ts'
import { runCommand } from './commands/run.ts'
import { schemaCommand } from './commands/schema.ts'
import { serveCommand } from './commands/serve.ts'
import { showCommand } from './commands/show.ts'
import { statusCommand } from './commands/status.ts'
import { tokenCommand } from './commands/token.ts'
import { userCommand } from './commands/user.ts'
import { packageVersion } from './package-facts.ts'

const COMMANDS = [
  runCommand,
  checkCommand,
  statusCommand,
  showCommand,
  reproduceCommand,
  adoptCommand,
  promoteCommand,
  rollbackCommand,
  rolloutCommand,
  cardCommand,
  retireCommand,
  historyCommand,
  compareCommand,
  collectGarbageCommand,
  approveCommand,
  serveCommand,
  gatewayCommand,
  predictCommand,
  packageCommand,
  replayCommand,
  migrateCommand,
  importCommand,
  doctorCommand,
  schemaCommand,
  demoCommand,
  configCommand,
  userCommand,
  tokenCommand,
  auditCommand,
]

function exitCodesText(): string {
  const codes = Object.entries(EXIT_CODES).map(([name, code]) => `${code} ${name}`)
  return `\nExit codes: ${codes.join(', ')}.`
}

/** A command and all commands within it. */
function withParts(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withParts)]
}

/** The command line's tree of commands; also what its reference is generated from. */
export function createProgram(session: CommandSession): Command {
  const { terminal } = session
  const program = new Command('esteira')
    .description('Carries a model from a business problem to a watched service and back.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError(false)
    .addHelpText('after', exitCodesText())
  for (const create of COMMANDS) program.addCommand(create(session))
  for (const command of withParts(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      // With --json an error is one JSON document, so the wording is left to the caller.
      writeErr: (text) => terminal.printError(text),
      outputError: () => undefined,
    })
  }
  return program
}
