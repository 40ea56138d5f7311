import { Command, InvalidArgumentError } from 'commander'
import type { Platform, RolloutOutcome, RolloutRequest } from '../../../flows/index.ts'
import { actingUser } from '../acting-user.ts'
import type { CommandCall, CommandOutcome, CommandSession } from '../command-session.ts'
import {
  rolloutDecisionsText,
  rolloutOutcomeText,
  rolloutStatusText,
} from '../presentation/rollout-text.ts'
import { versionOf } from '../version-argument.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira rollout …`: how a new version comes to answer, and who may hurry or stop it. */
export function rolloutCommand(session: CommandSession): Command {
  const command = new Command('rollout').description(
    'See and change how a new version comes to answer requests.',
  )
  for (const part of [status, start, promote, abort, explain]) command.addCommand(part(session))
  return command
}

function status(session: CommandSession): Command {
  const command = new Command('status').description(
    'Show the traffic split, the evidence so far, and what is waited for.',
  )
  return session.complete(command, (call) =>
    withPlatform(call, async (platform) => {
      const { rolloutStatus } = await import('../../../flows/index.ts')
      const found = await rolloutStatus(platform, platform.clock.now())
      return { json: found, text: rolloutStatusText(found) }
    }),
  )
}

function explain(session: CommandSession): Command {
  const command = new Command('explain')
    .description('Tell the decisions taken and why, oldest first.')
    .option('--limit <count>', 'how many of the newest', countOf, 20)
  return session.complete(command, (call, _values, options) =>
    withPlatform(call, async (platform) => {
      const { rolloutDecisions } = await import('../../../flows/index.ts')
      const decisions = await rolloutDecisions(platform, Number(options.limit))
      return { json: decisions, text: rolloutDecisionsText(decisions) }
    }),
  )
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1.')
}

function start(session: CommandSession): Command {
  const command = withReason(
    new Command('start')
      .description('Roll out a version that was promoted to staging or production.')
      .argument('<version>', 'number of the version; `esteira show version` lists them')
      .option('--strategy <kind or json>', 'instead of the one in the project file'),
  )
  return session.complete(command, (call, [version], options) =>
    changed(call, options, async (platform, request) => {
      const { readStrategy, startRolloutNow } = await import('../../../flows/index.ts')
      const given = typeof options.strategy === 'string' ? options.strategy : undefined
      const strategy = readStrategy(given, platform.project.deployment)
      return startRolloutNow(platform, { ...request, version: versionOf(version), strategy })
    }),
  )
}

function promote(session: CommandSession): Command {
  const command = withReason(
    new Command('promote').description(
      'End the rollout under way early: its version takes all traffic.',
    ),
  )
  return session.complete(command, (call, _values, options) =>
    changed(call, options, async (platform, request) => {
      const { promoteRolloutNow } = await import('../../../flows/index.ts')
      return promoteRolloutNow(platform, request)
    }),
  )
}

function abort(session: CommandSession): Command {
  const command = withReason(
    new Command('abort').description(
      'Give the rollout under way up at once: the stable version answers everything.',
    ),
  )
  return session.complete(command, (call, _values, options) =>
    changed(call, options, async (platform, request) => {
      const { abortRolloutNow } = await import('../../../flows/index.ts')
      return abortRolloutNow(platform, request)
    }),
  )
}

function withReason(command: Command): Command {
  return command.requiredOption('--reason <text>', 'why; kept with the decision for ever')
}

function changed(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
  work: (platform: Platform, request: RolloutRequest) => Promise<RolloutOutcome>,
): Promise<CommandOutcome> {
  const by = { name: actingUser(call.terminal), from: 'cli' }
  const request = { by, reason: String(options.reason) }
  return withPlatform(call, async (platform) => {
    const outcome = await work(platform, request)
    const { followAliases } = await import('../../../flows/index.ts')
    await followAliases(platform)
    return { json: outcome, text: rolloutOutcomeText(outcome) }
  })
}
