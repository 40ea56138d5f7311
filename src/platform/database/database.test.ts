import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import { redactDatabaseUrl } from './database-url.ts'
import { openDatabase } from './open-database.ts'

const RECORD = {
  project: 'p',
  kind: 'x',
  id: 'y',
  digest: 'd',
  json: '{}',
  created_at_ms: 1,
}

describe.each(DIALECTS)('database on %s', (dialect) => {
  let scene: TestDatabase
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
  })
  afterEach(() => scene.dispose())

  it('has its schema after opening, also when many open it at once', async () => {
    const [first, ...others] = await Promise.all([scene.open(), scene.open(), scene.open()])
    expect(others).toHaveLength(2)
    await first.queries.insertInto('steps').values({ key: 'a', json: '{}' }).execute()
    expect(await others[0]?.queries.selectFrom('steps').selectAll().execute()).toEqual([
      { key: 'a', json: '{}' },
    ])
    await first.ping()
  })

  it('keeps all of a transaction or nothing', async () => {
    const database = await scene.open()
    const failing = database.transaction(async (transaction) => {
      await transaction.insertInto('steps').values({ key: 'a', json: '{}' }).execute()
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await database.queries.selectFrom('steps').selectAll().execute()).toEqual([])
  })

  it('gives integers as numbers, beyond 32 bits', async () => {
    const database = await scene.open()
    const row = { ...RECORD, created_at_ms: 1_900_000_000_123 }
    await database.queries.insertInto('records').values(row).execute()
    const found = await database.queries.selectFrom('records').selectAll().executeTakeFirstOrThrow()
    expect(found).toEqual({ sequence: 1, ...row })
  })

  it('refuses to change or delete records', async () => {
    const database = await scene.open()
    await database.queries.insertInto('records').values(RECORD).execute()
    const change = database.queries.updateTable('records').set({ json: '[]' }).execute()
    await expect(change).rejects.toThrow('records are never changed')
    const removal = database.queries.deleteFrom('records').execute()
    await expect(removal).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  })

  it('refuses a query beside a transaction that waits for it, instead of waiting for ever', async () => {
    const database = await scene.open()
    const stuck = database.transaction(async () => {
      await database.queries.selectFrom('steps').selectAll().execute()
    })
    await expect(stuck).rejects.toThrow(/inside a transaction/)
    const nested = database.transaction(() => database.transaction(async () => 1))
    await expect(nested).rejects.toThrow(/inside a transaction/)
    expect(await database.queries.selectFrom('steps').selectAll().execute()).toEqual([])
  })

  it('lets transactions of one process wait for each other', async () => {
    const database = await scene.open()
    await database.queries
      .insertInto('states')
      .values({ project: 'p', name: 'n', revision: 0, json: '{}' })
      .execute()
    const increment = () =>
      database.transaction((transaction) =>
        transaction
          .updateTable('states')
          .set((e) => ({ revision: e('revision', '+', 1) }))
          .where('name', '=', 'n')
          .execute(),
      )
    await Promise.all(Array.from({ length: 20 }, increment))
    const { revision } = await database.queries
      .selectFrom('states')
      .select('revision')
      .executeTakeFirstOrThrow()
    expect(revision).toBe(20)
  })
})

describe('database URL', () => {
  it.each(['mysql://root:hunter2@host/db', 'postgres://[broken', ''])('refuses %j', async (url) => {
    const opening = openDatabase({ url })
    await expect(opening).rejects.toMatchObject({ code: 'DATABASE_URL_INVALID' })
    await expect(opening).rejects.not.toThrow('hunter2')
  })

  it('says which server does not answer, without the password', async () => {
    const opening = openDatabase({ url: 'postgresql://ana:hunter2@127.0.0.1:1/db' })
    await expect(opening).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', retryable: true })
    await expect(opening).rejects.toThrow('postgresql://ana:***@127.0.0.1:1/db')
  })

  it('hides passwords wherever they stand', () => {
    expect(redactDatabaseUrl('postgres://u:p%40x@h/d')).toBe('postgres://u:***@h/d')
    expect(redactDatabaseUrl('postgres://h/d?user=u&password=p')).toBe(
      'postgres://h/d?user=u&password=***',
    )
  })
})
