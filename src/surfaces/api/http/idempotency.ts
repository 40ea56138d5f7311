import { digestOfValue } from '../../../core/identity/index.ts'
import type { Clock } from '../../../core/time/index.ts'
import type { Database } from '../../../platform/database/index.ts'
import { apiErrors } from '../errors.ts'

/** Keys are remembered this long. */
const KEPT_MS = 24 * 3_600_000
/** A first request that has not ended by then died with its server. */
const GIVEN_UP_MS = 60_000

export interface IdempotentCall {
  /** Keys of different callers never meet. */
  readonly caller: string
  readonly key: string
  readonly operation: string
  readonly body: unknown
}

export interface StoredAnswer {
  readonly status: number
  readonly body: unknown
}

/**
 * Does the work for the first request of a key and gives its answer to all later ones. A failure is
 * not kept: the same key may try again.
 *
 * @throws IDEMPOTENCY_KEY_REUSED when the key came with another request before
 * @throws IDEMPOTENCY_KEY_BUSY while the first request is under way
 */
export async function answerOnce(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  call: IdempotentCall,
  work: () => Promise<StoredAnswer>,
): Promise<StoredAnswer> {
  const { caller, key } = call
  const digest = digestOfValue({ operation: call.operation, body: call.body ?? null })
  const now = Math.round(clock.now())
  const answers = database.queries
  await answers
    .deleteFrom('idempotent_answers')
    .where('created_at_ms', '<', now - KEPT_MS)
    .execute()
  await answers
    .deleteFrom('idempotent_answers')
    .where('caller', '=', caller)
    .where('key', '=', key)
    .where('status', 'is', null)
    .where('created_at_ms', '<', now - GIVEN_UP_MS)
    .execute()
  const first = await answers
    .insertInto('idempotent_answers')
    .values({ caller, key, request_digest: digest, status: null, body: null, created_at_ms: now })
    .onConflict((conflict) => conflict.columns(['caller', 'key']).doNothing())
    .executeTakeFirst()
  if (Number(first.numInsertedOrUpdatedRows ?? 0) === 0) {
    return repeatedAnswer(database, call, digest)
  }
  return keepAnswer(database, call, work)
}

async function repeatedAnswer(
  database: Database,
  { caller, key }: IdempotentCall,
  digest: string,
): Promise<StoredAnswer> {
  const row = await database.queries
    .selectFrom('idempotent_answers')
    .select(['request_digest', 'status', 'body'])
    .where('caller', '=', caller)
    .where('key', '=', key)
    .executeTakeFirst()
  if (row === undefined || (row.status === null && row.request_digest === digest)) {
    throw apiErrors.IDEMPOTENCY_KEY_BUSY({ key })
  }
  if (row.request_digest !== digest || row.status === null) {
    throw apiErrors.IDEMPOTENCY_KEY_REUSED({ key })
  }
  return { status: row.status, body: row.body === null ? undefined : JSON.parse(row.body) }
}

async function keepAnswer(
  database: Database,
  { caller, key }: IdempotentCall,
  work: () => Promise<StoredAnswer>,
): Promise<StoredAnswer> {
  try {
    const answer = await work()
    await database.queries
      .updateTable('idempotent_answers')
      .set({ status: answer.status, body: JSON.stringify(answer.body ?? null) })
      .where('caller', '=', caller)
      .where('key', '=', key)
      .execute()
    return answer
  } catch (error) {
    await database.queries
      .deleteFrom('idempotent_answers')
      .where('caller', '=', caller)
      .where('key', '=', key)
      .where('status', 'is', null)
      .execute()
    throw error
  }
}
