import { spawn } from 'node:child_process'
import { sql } from 'kysely'
import { afterEach, describe, expect, it } from 'vitest'
import { canonicalJson, digestOfBytes } from '../../core/identity/index.ts'
import type { Change, Database } from '../../platform/database/index.ts'
import { createTestDatabase, DIALECTS } from '../../testkit/index.ts'
import { createAuditTrail, GENESIS_HASH } from './index.ts'

const clock = { now: () => 1_700_000_000_000 }

function change(subject: string, more: Partial<Change> = {}): Change {
  return {
    actor: { name: 'ana', from: '10.0.0.7' },
    action: 'run.create',
    subject,
    project: 'churn',
    before: null,
    after: digestOfBytes(subject),
    reason: null,
    ...more,
  }
}

const opened: { dispose(): Promise<void> }[] = []
afterEach(async () => {
  for (const made of opened.splice(0)) await made.dispose()
})

describe.each(DIALECTS)('the audit trail on %s', (dialect) => {
  async function start() {
    const made = await createTestDatabase(dialect)
    opened.push(made)
    const database = await made.open()
    const trail = createAuditTrail(database, { clock })
    const record = (changes: readonly Change[]) =>
      database.transaction((transaction) => trail.listener(transaction, changes))
    return { made, database, trail, record }
  }

  /** As somebody with all rights on the database would. */
  async function tamper(database: Database, statement: string): Promise<void> {
    const drop =
      dialect === 'sqlite'
        ? ['DROP TRIGGER audit_entries_keep', 'DROP TRIGGER audit_entries_stay']
        : ['DROP TRIGGER audit_entries_keep ON audit_entries']
    for (const each of [...drop, statement]) await sql.raw(each).execute(database.queries)
  }

  it('keeps what was told, in a chain anybody can recompute', async () => {
    const { trail, record } = await start()
    await record([change('run/1', { reason: 'a "quote", a \n line, ção' }), change('run/2')])
    await trail.refuse(change('model/churn', { action: 'models:promote', after: null }))
    const entries = await trail.list()
    expect(entries.map(({ sequence, outcome }) => [sequence, outcome])).toEqual([
      [1, 'done'],
      [2, 'done'],
      [3, 'refused'],
    ])
    let previous = GENESIS_HASH
    for (const { hash, ...entry } of entries) {
      expect(entry.previousHash).toBe(previous)
      expect(hash).toBe(digestOfBytes(canonicalJson(entry)))
      previous = hash
    }
    expect(await trail.verify()).toEqual({
      entries: 3,
      ok: true,
      head: { count: 3, hash: previous },
    })
    expect(await trail.head()).toEqual({ count: 3, hash: previous })
  })

  it('is empty and whole at first', async () => {
    const { trail } = await start()
    expect(await trail.verify()).toMatchObject({ entries: 0, ok: true })
    expect(await trail.list()).toEqual([])
  })

  it('keeps nothing of a transaction that failed', async () => {
    const { trail, database } = await start()
    const failing = database.transaction(async (transaction) => {
      await trail.listener(transaction, [change('run/1')])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await trail.verify()).toMatchObject({ entries: 0, ok: true })
  })

  it('keeps texts that a database would change: NUL, half a surrogate pair', async () => {
    const { trail, record } = await start()
    await record([change('run/\0\ud800', { reason: '\0' })])
    expect(await trail.verify()).toMatchObject({ entries: 1, ok: true })
    expect((await trail.list())[0]?.subject).toBe('run/\ufffd\ufffd')
  })

  it('takes many changes at once, and pages through them', async () => {
    const { trail, record } = await start()
    const many = Array.from({ length: 2_500 }, (_, index) => change(`run/${index}`))
    await record(many)
    const page = await trail.list({ after: 1_000, limit: 2 })
    expect(page.map(({ subject }) => subject)).toEqual(['run/1000', 'run/1001'])
    expect(await trail.list({ filter: { subject: 'run/7', outcome: 'done' } })).toHaveLength(1)
    expect(await trail.list({ filter: { actor: 'eva' } })).toEqual([])
    let lines = 0
    for await (const line of trail.exportLines()) {
      lines++
      if (lines === 2_500) expect(JSON.parse(line)).toMatchObject({ subject: 'run/2499' })
    }
    expect(lines).toBe(2_500)
    expect(await trail.verify()).toMatchObject({ entries: 2_500, ok: true })
  })

  it('cannot be changed through the database', async () => {
    const { database, record } = await start()
    await record([change('run/1')])
    for (const statement of [
      "UPDATE audit_entries SET actor = 'eva'",
      'DELETE FROM audit_entries',
      ...(dialect === 'postgres' ? ['TRUNCATE audit_entries'] : []),
    ]) {
      await expect(sql.raw(statement).execute(database.queries)).rejects.toMatchObject({
        message: expect.stringContaining('the audit trail is never changed'),
      })
    }
  })

  it.each([
    ...[
      'actor',
      'origin',
      'action',
      'subject',
      'project',
      'outcome',
      'before_digest',
      'after_digest',
      'reason',
      'previous_hash',
      'hash',
    ].map((column) => [
      `a changed ${column}`,
      `UPDATE audit_entries SET ${column} = 'x' WHERE sequence = 3`,
      3,
    ]),
    ['a changed time', 'UPDATE audit_entries SET at_ms = at_ms - 1 WHERE sequence = 3', 3],
    ['a digest that is gone', 'UPDATE audit_entries SET after_digest = NULL WHERE sequence = 3', 3],
    ['a changed number', 'UPDATE audit_entries SET sequence = 9 WHERE sequence = 3', 3],
    ['an entry cut out', 'DELETE FROM audit_entries WHERE sequence = 3', 3],
    ['a first entry cut off', 'DELETE FROM audit_entries WHERE sequence = 1', 1],
    ['a tail cut off', 'DELETE FROM audit_entries WHERE sequence > 3', 4],
    ['all cut off', 'DELETE FROM audit_entries', 1],
    [
      'an entry put in front',
      `INSERT INTO audit_entries SELECT 0, at_ms, actor, origin, action, subject, project, outcome, before_digest, after_digest, reason, previous_hash, hash FROM audit_entries WHERE sequence = 1`,
      1,
    ],
    [
      'an entry put at the end',
      `INSERT INTO audit_entries SELECT 6, at_ms, actor, origin, action, subject, project, outcome, before_digest, after_digest, reason, previous_hash, hash FROM audit_entries WHERE sequence = 5`,
      6,
    ],
    [
      'two entries exchanged',
      'UPDATE audit_entries SET sequence = CASE sequence WHEN 2 THEN -4 WHEN 4 THEN 2 END WHERE sequence IN (2, 4)',
      -4,
    ],
    ['a changed head', "UPDATE audit_head SET hash = 'x'", 5],
    ['a head set back', 'UPDATE audit_head SET count = 4', 5],
    ['a head that is gone', 'DELETE FROM audit_head', 6],
  ])('finds %s', async (_, statement, sequence) => {
    const { trail, database, record } = await start()
    const subjects = ['run/1', 'run/2', 'run/3', 'run/4', 'run/5']
    await record(subjects.map((subject) => change(subject)))
    await tamper(database, String(statement))
    const verification = await trail.verify()
    expect(verification.ok).toBe(false)
    expect(verification.firstBroken?.sequence).toBe(sequence === -4 ? 1 : sequence)
  })

  it('finds a chain written anew by the hash that was kept elsewhere', async () => {
    const { trail, database, record } = await start()
    await record([change('run/1'), change('run/2')])
    const kept = await trail.head()
    await record([change('run/3')])
    expect(await trail.verify({ expectHead: kept.hash })).toMatchObject({ ok: true, entries: 3 })
    await tamper(database, 'DELETE FROM audit_entries')
    await sql`UPDATE audit_head SET count = 0, hash = ${GENESIS_HASH}`.execute(database.queries)
    await record([change('run/1'), change('run/other'), change('run/3')])
    expect(await trail.verify()).toMatchObject({ ok: true, entries: 3 })
    const verification = await trail.verify({ expectHead: kept.hash })
    expect(verification.ok).toBe(false)
    expect(verification.firstBroken?.reason).toContain(kept.hash)
  })

  it('is one chain when several servers write at once', async () => {
    const { made, trail } = await start()
    const moduleAt = (place: string) => JSON.stringify(new URL(place, import.meta.url).href)
    const program = `
      import { openDatabase } from ${moduleAt('../../platform/database/index.ts')}
      import { createAuditTrail } from ${moduleAt('./index.ts')}
      const database = await openDatabase({ url: ${JSON.stringify(made.url)} })
      const { listener } = createAuditTrail(database, { clock: { now: () => Date.now() } })
      const change = { actor: { name: 'ana', from: 'cli' }, action: 'run.create', subject: 'run/1', project: 'churn', before: null, after: null, reason: null }
      const once = () => database.transaction((transaction) => listener(transaction, [change, change]))
      await Promise.all(Array.from({ length: 25 }, once))
      await database.close()`
    const ends = [0, 1].map(() => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program])
      return new Promise((resolve) => child.once('close', resolve))
    })
    expect(await Promise.all(ends)).toEqual([0, 0])
    expect(await trail.verify()).toMatchObject({ entries: 100, ok: true })
  })
})
