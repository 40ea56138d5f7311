import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { statusText } from '../presentation/status-text.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira status`: what stands where, what is served, and what the last windows said. */
export function statusCommand(session: CommandSession): Command {
  const command = new Command('status').description(
    'Show versions by environment, the endpoint, the last windows and decisions.',
  )
  return session.complete(command, (call) =>
    withPlatform(call, async (platform) => {
      const { summarizeProject } = await import('../summarize-project.ts')
      const summary = await summarizeProject(platform)
      return { json: summary, text: statusText(summary, call.colours) }
    }),
  )
}
