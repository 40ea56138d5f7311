import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { gatewayProcess } from '../gateway-process.ts'
import { instantOption } from '../instant-option.ts'
import { replayText } from '../presentation/replay-text.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira replay`: history as if it were traffic, with labels arriving after the fact. */
export function replayCommand(session: CommandSession): Command {
  const command = new Command('replay')
    .description('Send past rows through the gateway day by day; watch, decide and retrain.')
    .option('--from <time>', "start (ISO 8601, UTC); the project's replay.from when absent")
    .option('--until <time>', "end, not included; the project's replay.until when absent")
  return session.complete(command, (call, _values, options) => {
    const fromMs = instantOption('--from', options.from)
    const untilMs = instantOption('--until', options.until)
    return withPlatform(call, async (platform) => {
      const { replay } = await import('../../../flows/index.ts')
      const summary = await replay(platform, {
        startGateway: gatewayProcess(call, call.project, call.terminal.environment),
        ...(fromMs === undefined ? {} : { fromMs }),
        ...(untilMs === undefined ? {} : { untilMs }),
      })
      return { json: summary, text: replayText(summary) }
    })
  })
}
