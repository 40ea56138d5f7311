import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { tableText } from '../presentation/table.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira reproduce RUN`: trains again from the recorded inputs and compares every number. */
export function reproduceCommand(session: CommandSession): Command {
  const command = new Command('reproduce')
    .description('Train a recorded run again and compare every number with the record.')
    .argument('<run>', 'id of a run; `esteira show run` lists them')
  return session.complete(command, (call, [run = '']) =>
    withPlatform(call, async (platform) => {
      const { reproduceRun } = await import('../../../flows/index.ts')
      const result = await reproduceRun(platform, run)
      if (result.identical) {
        const text = `${call.colours.green('identical')}  ${run}: every recorded number came out again.`
        return { json: { run, ...result }, text }
      }
      const rows = result.differences.map((difference) => [
        difference.what,
        String(difference.recorded),
        String(difference.reproduced),
      ])
      const table = tableText(['what', 'recorded', 'reproduced'], rows)
      const text = `${call.colours.red('different')}  ${run}\n${table}`
      return { json: { run, ...result }, text, exit: 'conflict' as const }
    }),
  )
}
