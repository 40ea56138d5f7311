import type { Database } from '../../platform/database/index.ts'
import { type AuditEntry, GENESIS_HASH, hashOfEntry } from './audit-entry.ts'
import { listEntries } from './list-entries.ts'

/** How many entries there are, and the hash of the newest. */
export interface AuditHead {
  readonly count: number
  readonly hash: string
}

export interface Verification {
  /** Entries walked. */
  readonly entries: number
  readonly ok: boolean
  /** The head as walked: keep its hash elsewhere, and give it as `expectHead` later. */
  readonly head: AuditHead
  /** The first entry that does not fit; absent when all do. */
  readonly firstBroken?: { readonly sequence: number; readonly reason: string }
}

const PAGE = 1_000

interface Walk {
  count: number
  hash: string
  sawExpected: boolean
}

/** Recomputes every hash from the first entry to the last, and compares the end with the head. */
export async function verifyChain(
  database: Database,
  { expectHead }: { readonly expectHead?: string },
): Promise<Verification> {
  // The head is read first: what is appended meanwhile lies behind it and is walked next time.
  const head = await storedHead(database)
  const walk: Walk = {
    count: 0,
    hash: GENESIS_HASH,
    sawExpected: expectHead === undefined || expectHead === GENESIS_HASH,
  }
  const broken =
    (await walkEntries(database, walk, { until: head?.count, expectHead })) ??
    brokenEnd(walk, head, expectHead)
  return {
    entries: walk.count,
    ok: broken === undefined,
    head: { count: walk.count, hash: walk.hash },
    ...(broken === undefined ? {} : { firstBroken: broken }),
  }
}

async function storedHead(database: Database): Promise<AuditHead | undefined> {
  const row = await database.queries
    .selectFrom('audit_head')
    .select(['count', 'hash'])
    .where('id', '=', 1)
    .executeTakeFirst()
  return row
}

async function walkEntries(
  database: Database,
  walk: Walk,
  {
    until,
    expectHead,
  }: { readonly until: number | undefined; readonly expectHead: string | undefined },
): Promise<Verification['firstBroken']> {
  let after = Number.MIN_SAFE_INTEGER
  for (;;) {
    const page = await listEntries(database.queries, { after, limit: PAGE, filter: {} })
    for (const entry of page) {
      if (until !== undefined && walk.count >= until) return extraEntry(database, entry)
      const reason = faultOf(entry, walk)
      if (reason !== undefined) return { sequence: walk.count + 1, reason }
      walk.count = entry.sequence
      walk.hash = entry.hash
      if (entry.hash === expectHead) walk.sawExpected = true
      after = entry.sequence
    }
    if (page.length < PAGE) return undefined
  }
}

/** An entry behind the head is new when the head has moved on meanwhile, and forged when not. */
async function extraEntry(
  database: Database,
  entry: AuditEntry,
): Promise<Verification['firstBroken']> {
  const head = await storedHead(database)
  if (head !== undefined && head.count >= entry.sequence) return undefined
  return { sequence: entry.sequence, reason: 'it lies behind the head of the chain' }
}

function faultOf(entry: AuditEntry, walk: Walk): string | undefined {
  const expected = walk.count + 1
  if (entry.sequence !== expected) {
    return entry.sequence > expected
      ? `entries ${expected} to ${entry.sequence - 1} are missing`
      : `an entry ${entry.sequence} stands where ${expected} is expected`
  }
  if (entry.previousHash !== walk.hash) return 'it does not follow the entry before it'
  if (hashOfEntry(entry) !== entry.hash) return 'its content is not what was hashed'
  return undefined
}

function brokenEnd(
  walk: Walk,
  head: AuditHead | undefined,
  expectHead: string | undefined,
): Verification['firstBroken'] {
  const sequence = walk.count + 1
  if (head === undefined) return { sequence, reason: 'the head of the chain is gone' }
  if (head.count !== walk.count) {
    return { sequence, reason: `the head counts ${head.count} entries; ${walk.count} are there` }
  }
  if (head.hash !== walk.hash) return { sequence: walk.count, reason: 'the head has another hash' }
  if (!walk.sawExpected) {
    return { sequence, reason: `the expected head ${expectHead} is nowhere in the chain` }
  }
  return undefined
}
