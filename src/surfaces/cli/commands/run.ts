import { Command } from 'commander'
import type { ExitName } from '../../../core/errors/index.ts'
import type { BeltRun } from '../../../core/records/index.ts'
import type { CommandSession } from '../command-session.ts'
import { instantOption } from '../instant-option.ts'
import { portOption } from '../port-option.ts'
import { beltRunText } from '../presentation/belt-run-text.ts'
import { serveUntilAsked } from '../serve-until-asked.ts'
import { withPlatform } from '../with-platform.ts'

const EXIT_OF_OUTCOME: Readonly<Record<BeltRun['outcome'], ExitName>> = {
  deployed: 'ok',
  'champion-kept': 'ok',
  rejected: 'rejected',
  'no-go': 'no-go',
  failed: 'worker',
}

/** `esteira run`: the whole belt, from the sources to a deployed version. */
export function runCommand(session: CommandSession): Command {
  const command = new Command('run')
    .description('Run the belt: collect, train, evaluate, judge, register and deploy.')
    .option('--as-of <time>', 'data horizon: rows known later do not exist (ISO 8601, UTC)')
    .option('--keep', 'keep the gateway running afterwards, until Ctrl-C', false)
    .option('--port <number>', 'port of the gateway with --keep; 0 takes a free one', '8080')
  return session.complete(command, (call, _values, options) => {
    const asOfMs = instantOption('--as-of', options.asOf)
    return withPlatform(call, async (platform) => {
      const { runBelt, summarize, writeReport } = await import('../../../flows/index.ts')
      const belt = await runBelt(platform, asOfMs === undefined ? {} : { asOfMs })
      const report = await writeReport(platform)
      const outcome = {
        json: { run: belt, report, summary: summarize(platform) },
        text: beltRunText(belt, report, call.colours),
        exit: EXIT_OF_OUTCOME[belt.outcome],
      }
      call.display.close()
      if (options.keep !== true || outcome.exit !== 'ok') return outcome
      if (!call.isJson) call.announce(outcome)
      await serveUntilAsked(call, platform, {
        host: '127.0.0.1',
        port: portOption(options.port),
        acceptRequestTime: false,
      })
      return call.isJson ? outcome : undefined
    })
  })
}
