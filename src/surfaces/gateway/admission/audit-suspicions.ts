import type { ServerContext } from '../../server/index.ts'
import type { Suspicion } from './probing/probing-watch.ts'

/** Writes one entry of the audit trail for each suspected window of a caller. */
export function auditSuspicions(
  { database, listener, logger }: Pick<ServerContext, 'database' | 'listener' | 'logger'>,
  project: string,
): (suspicion: Suspicion) => void {
  return (suspicion) => {
    const { caller, endpoint, action } = suspicion
    const change = {
      actor: { name: caller.name, from: caller.from },
      action: action === 'refuse' ? 'endpoint.probing.refuse' : 'endpoint.probing.suspect',
      subject: `endpoint/${endpoint}`,
      project,
      before: null,
      after: null,
      reason: suspicionText(suspicion),
    }
    database
      .transaction((transaction) => listener(transaction, [change]))
      .catch((error: unknown) => logger('A suspicion of probing was not audited.', error))
  }
}

/** The reasons, and the counts behind them. */
export function suspicionText({ reasons, rows, ...counts }: Suspicion): string {
  const { newRows, neighbours, strange } = counts
  return `${reasons.join('; ')} (${rows} rows, ${newRows} of them new, ${neighbours} neighbours, ${strange} strange)`
}
