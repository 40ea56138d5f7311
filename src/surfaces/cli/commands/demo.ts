import { existsSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import type { Platform } from '../../../flows/index.ts'
import { startChild } from '../child-process.ts'
import type { CommandCall, CommandOutcome, CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { exitOfRun } from '../exit-of-run.ts'
import { forgetProject } from '../forget-project.ts'
import { gatewayProcess } from '../gateway-process.ts'
import { PACKAGE_FOLDER } from '../package-facts.ts'
import { portOption } from '../port-option.ts'
import { beltRunText } from '../presentation/belt-run-text.ts'
import { replayText } from '../presentation/replay-text.ts'
import { statusText } from '../presentation/status-text.ts'
import { servePlatform } from '../serve/serve-platform.ts'
import { withPlatform } from '../with-platform.ts'
import { writeProjectReport } from '../write-project-report.ts'

type Environment = CommandCall['terminal']['environment']

const EXAMPLE = path.join(PACKAGE_FOLDER, 'examples', 'flight-delays')

/** The whole circle: train and deploy, then live through the months that followed. */
async function travel(
  call: CommandCall,
  platform: Platform,
  environment: Environment,
): Promise<CommandOutcome> {
  const { runBelt, replay } = await import('../../../flows/index.ts')
  const run = await runBelt(platform, {})
  const exit = exitOfRun(run)
  if (exit !== 'ok') {
    const report = await writeProjectReport(platform)
    return { json: { run, report }, text: beltRunText(run, report, call.colours), exit }
  }
  const replayed = await replay(platform, {
    startGateway: gatewayProcess(call, EXAMPLE, environment),
  })
  const report = await writeProjectReport(platform)
  const { summarizeProject } = await import('../summarize-project.ts')
  const summary = await summarizeProject(platform)
  const texts = [
    beltRunText(run, report, call.colours),
    replayText(replayed),
    statusText(summary, call.colours),
  ]
  return { json: { run, replay: replayed, report, summary }, text: texts.join('\n\n') }
}

/** `esteira demo`: the flight-delay example from its first source to its last retraining. */
export function demoCommand(session: CommandSession): Command {
  const command = new Command('demo')
    .description('Run the flight-delay example: the belt, then months of traffic, then the report.')
    .option('--fresh', 'forget earlier runs of the example and start over', false)
    .option('--keep', 'keep the gateway running afterwards, until Ctrl-C', false)
    .option('--port <number>', 'port of the gateway with --keep; 0 takes a free one', '8080')
  return session.complete(command, async (called, _values, options) => {
    if (!existsSync(EXAMPLE)) throw errors.EXAMPLE_MISSING({ folder: EXAMPLE })
    const port = portOption(options.port)
    if (options.fresh === true) await forgetProject(EXAMPLE)
    const call = { ...called, project: EXAMPLE }
    const services = await startChild({
      name: "the example's services",
      args: [path.join(EXAMPLE, 'services', 'serve.ts')],
      folder: EXAMPLE,
      environment: call.terminal.environment,
    })
    const environment = { ...call.terminal.environment, ...(services.answer as Environment) }
    try {
      return await withPlatform(
        call,
        async (platform) => {
          const outcome = await travel(call, platform, environment)
          if (options.keep !== true || outcome.exit !== undefined) return outcome
          call.display.close()
          const host = '127.0.0.1'
          await servePlatform(call, platform, {
            host,
            port,
            after: outcome,
          })
          return undefined
        },
        environment,
      )
    } finally {
      await services.stop()
    }
  })
}
