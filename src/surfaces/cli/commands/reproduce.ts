import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { reproductionText } from '../presentation/reproduction-text.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira reproduce RUN`: trains again from the recorded inputs and compares every number. */
export function reproduceCommand(session: CommandSession): Command {
  const command = new Command('reproduce')
    .description('Train a recorded run again and compare every number with the record.')
    .argument('<run>', 'id of a run; `esteira show run` lists them')
  return session.complete(command, (call, [run = '']) =>
    withPlatform(call, async (platform) => {
      const { reproduceRun } = await import('../../../flows/index.ts')
      const reproduction = await reproduceRun(platform, run)
      const { reproduced } = reproduction
      return {
        json: reproduction,
        text: reproductionText(reproduction, call.colours),
        exit: reproduced ? 'ok' : 'conflict',
      }
    }),
  )
}
