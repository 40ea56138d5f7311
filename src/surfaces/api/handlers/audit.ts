import { guard } from '../caller.ts'
import { apiErrors } from '../errors.ts'
import type { HandlersOf } from '../handler.ts'

const EVERYWHERE = '*'

export const auditHandlers: HandlersOf<'audit'> = {
  'audit.list': async (call) => {
    const { context, query } = call
    const { limit, pageToken, fields, ...filter } = query
    await guard(call, filter.project ?? EVERYWHERE)
    const entries = await context.audit.list({
      after: sequenceOf(pageToken),
      limit,
      filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
    })
    const last = entries.at(-1)
    const items = [...entries]
    return entries.length < limit || last === undefined
      ? { items }
      : { items, nextPageToken: String(last.sequence) }
  },
  'audit.head': async (call) => {
    await guard(call, EVERYWHERE)
    return call.context.audit.head()
  },
  'audit.verify': async (call) => {
    await guard(call, EVERYWHERE)
    const { expectHead } = call.query
    return call.context.audit.verify(expectHead === undefined ? {} : { expectHead })
  },
}

/** The token of this list is the sequence number of the last entry seen. */
function sequenceOf(pageToken: string | undefined): number {
  if (pageToken === undefined) return 0
  if (!/^\d{1,15}$/.test(pageToken)) {
    throw apiErrors.LIST_TOKEN_INVALID({ got: pageToken.slice(0, 100) })
  }
  return Number(pageToken)
}
