import { Command } from 'commander'
import { ENVIRONMENTS } from '../../../core/records/index.ts'
import type { RegistryEvent } from '../../../stages/registry/catalog/index.ts'
import type { Place, Standing } from '../../../stages/registry/governance/index.ts'
import type { CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { tableText } from '../presentation/table.ts'
import { addDataOptions } from '../server-settings.ts'
import { withRegistry } from '../with-registry.ts'

/** `esteira history MODEL`: what stood where, put there by whom, on which evidence. */
export function historyCommand(session: CommandSession): Command {
  const command = addDataOptions(new Command('history'))
    .description('Show what was decided about a model, or what stood somewhere at a time.')
    .argument('<model>', 'name of the registered model')
    .option('--of <place>', 'an environment or an alias: what stood there')
    .option('--at <time>', 'ISO 8601, such as 2026-03-01 or 2026-03-01T12:00:00Z; now when absent')
    .option('--limit <number>', 'at most so many events', '50')
  return session.complete(command, (call, [name], options) => {
    const model = String(name)
    const atMs = timeOf(options.at)
    const limit = limitOf(options.limit)
    return withRegistry(call, options, async ({ catalog, governance }) => {
      if (options.of === undefined) {
        const events = await governance.history({ model, untilMs: atMs, limit })
        // A deleted model has a history; one that never was is a slip of the pen.
        if (events.length === 0) await catalog.model(model)
        return { json: events, text: events.length === 0 ? 'None.' : eventsText(events) }
      }
      const standing = await governance.standingAt(model, placeOf(String(options.of)), atMs)
      if (standing === undefined) await catalog.model(model)
      return { json: standing ?? null, text: standingText(standing) }
    })
  })
}

function timeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const atMs = Date.parse(String(value))
  if (!Number.isNaN(atMs)) return atMs
  throw errors.COMMAND_INVALID({ reason: `--at: "${String(value)}" is no time in ISO 8601` })
}

function limitOf(value: unknown): number {
  const limit = Number(value)
  if (Number.isSafeInteger(limit) && limit > 0) return limit
  throw errors.COMMAND_INVALID({
    reason: `--limit: expected a whole number, got "${String(value)}"`,
  })
}

function placeOf(name: string): Place {
  const environment = ENVIRONMENTS.find((known) => known === name)
  return environment === undefined ? { alias: name } : { environment }
}

function eventsText(events: readonly RegistryEvent[]): string {
  const rows = events.map(({ atMs, subject, place, action, previous, version, by, reason }) => [
    new Date(atMs).toISOString(),
    `${subject} ${place}`.trim(),
    action,
    `${previous ?? '–'} → ${version ?? '–'}`,
    by,
    reason,
  ])
  return tableText(['at', 'what', 'action', 'version', 'who', 'why'], rows)
}

function standingText(standing: Standing | undefined): string {
  if (standing === undefined) return 'Nothing stood there.'
  const { atMs, by, reason, evidence } = standing.event
  const approvals = evidence.approvals.map((one) => `${one.by} (${one.reason})`)
  return [
    `version   ${standing.version}`,
    `since     ${new Date(atMs).toISOString()}, by ${by}: ${reason}`,
    `approved  ${approvals.join(', ') || 'no approval was asked for'}`,
    `evidence  run ${evidence.run ?? '–'}, evaluation ${evidence.evaluation ?? '–'}, verdict ${evidence.verdict ?? '–'} (${evidence.outcome ?? 'none'})`,
  ].join('\n')
}
