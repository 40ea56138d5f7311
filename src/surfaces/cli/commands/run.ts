import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { exitOfRun } from '../exit-of-run.ts'
import { instantOption } from '../instant-option.ts'
import { portOption } from '../port-option.ts'
import { beltRunText } from '../presentation/belt-run-text.ts'
import { servePlatform } from '../serve/serve-platform.ts'
import { withPlatform } from '../with-platform.ts'
import { writeProjectReport } from '../write-project-report.ts'

/** `esteira run`: the whole belt, from the sources to a deployed version. */
export function runCommand(session: CommandSession): Command {
  const command = new Command('run')
    .description('Run the belt: collect, train, evaluate, judge, register and deploy.')
    .option('--as-of <time>', 'data horizon: rows known later do not exist (ISO 8601, UTC)')
    .option('--keep', 'keep the gateway running afterwards, until Ctrl-C', false)
    .option('--port <number>', 'port of the gateway with --keep; 0 takes a free one', '8080')
  return session.complete(command, async (call, _values, options) => {
    const asOfMs = instantOption('--as-of', options.asOf)
    const port = portOption(options.port)
    return withPlatform(call, async (platform) => {
      const { runBelt } = await import('../../../flows/index.ts')
      const run = await runBelt(platform, asOfMs === undefined ? {} : { asOfMs })
      const report = await writeProjectReport(platform)
      const exit = exitOfRun(run)
      const outcome = {
        json: { run, report },
        text: beltRunText(run, report, call.colours),
        exit,
      }
      if (options.keep !== true || exit !== 'ok') return outcome
      call.display.close()
      await servePlatform(call, platform, {
        host: '127.0.0.1',
        port,
        after: outcome,
      })
      return undefined
    })
  })
}
