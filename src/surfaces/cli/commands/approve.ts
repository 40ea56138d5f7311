import { Command } from 'commander'
import type { ApprovalRequest } from '../../../stages/registry/governance/index.ts'
import type { CommandSession } from '../command-session.ts'
import { environmentArgument, environmentOf } from '../environment-argument.ts'
import { tableText } from '../presentation/table.ts'
import { addDataOptions } from '../server-settings.ts'
import { versionOf } from '../version-argument.ts'
import { withRegistry } from '../with-registry.ts'

const REASON = 'why; kept with the decision for ever'

/** `esteira approve …`: ask for promotions, and decide on them. */
export function approveCommand(session: CommandSession): Command {
  const command = new Command('approve').description('Ask for promotions and decide on them.')
  for (const part of [ask, list, accept, reject]) command.addCommand(part(session))
  return command
}

function ask(session: CommandSession): Command {
  const command = addDataOptions(new Command('request'))
    .description('Ask for the approval of a promotion.')
    .argument('<model>', 'name of the registered model')
    .argument('<version>', 'number of the version')
    .addArgument(environmentArgument())
    .requiredOption('--reason <text>', REASON)
  return session.complete(command, (call, [model, version, environment], options) => {
    const wish = {
      model: String(model),
      version: versionOf(version),
      environment: environmentOf(environment),
      reason: String(options.reason),
    }
    return withRegistry(call, options, async ({ governance, by }) => {
      const request = await governance.requestPromotion(by, wish)
      return { json: request, text: requestsText([request]) }
    })
  })
}

function list(session: CommandSession): Command {
  const command = addDataOptions(new Command('list'))
    .description('List requests for approval, newest first.')
    .option('--model <name>', 'of this model')
  return session.complete(command, (call, _values, options) =>
    withRegistry(call, options, async ({ governance }) => {
      const model = options.model === undefined ? {} : { model: String(options.model) }
      const requests = await governance.requests(model)
      return { json: requests, text: requests.length === 0 ? 'None.' : requestsText(requests) }
    }),
  )
}

function accept(session: CommandSession): Command {
  return decision(session, { name: 'accept', decision: 'approve', text: 'Approve a request.' })
}

function reject(session: CommandSession): Command {
  return decision(session, { name: 'reject', decision: 'reject', text: 'Reject a request.' })
}

function decision(
  session: CommandSession,
  part: {
    readonly name: string
    readonly decision: 'approve' | 'reject'
    readonly text: string
  },
): Command {
  const command = addDataOptions(new Command(part.name))
    .description(part.text)
    .argument('<request>', 'id of the request; `esteira approve list` shows them')
    .requiredOption('--reason <text>', REASON)
  return session.complete(command, (call, [request], options) =>
    withRegistry(call, options, async ({ governance, by }) => {
      const decided = await governance.decide(by, {
        request: String(request),
        decision: part.decision,
        reason: String(options.reason),
      })
      return { json: decided, text: requestsText([decided]) }
    }),
  )
}

function requestsText(requests: readonly ApprovalRequest[]): string {
  const rows = requests.map(({ id, state, model, version, environment, ...rest }) => [
    id,
    state,
    `${model} ${version}`,
    environment,
    rest.requestedBy,
    `${rest.decisions.length} of ${rest.needed}`,
    rest.reason,
  ])
  return tableText(['request', 'state', 'version', 'to', 'by', 'decisions', 'why'], rows)
}
