import { Command } from 'commander'
import type { CommandSession } from '../command-session.ts'
import { tableText } from '../presentation/table.ts'
import { addDataOptions, serverSettings } from '../server-settings.ts'

/** `esteira config`: the server's settings that hold, and where each came from. */
export function configCommand(session: CommandSession): Command {
  const command = addDataOptions(
    new Command('config').description(
      "Print the server's settings and where each came from; secrets are hidden.",
    ),
  )
  return session.complete(command, async (call, _values, options) => {
    const { shownSettings } = await import('../../server/index.ts')
    const settings = shownSettings(await serverSettings(call, options))
    const rows = settings.map(({ setting, value, origin }) => [setting, valueText(value), origin])
    return { json: settings, text: tableText(['setting', 'value', 'from'], rows) }
  })
}

function valueText(value: unknown): string {
  if (value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
