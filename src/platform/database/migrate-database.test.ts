import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import { migrateDatabase, planMigrations } from './migrate-database.ts'
import { MIGRATIONS, type Migration } from './migrations/index.ts'
import { openDatabase } from './open-database.ts'

const NAMES = MIGRATIONS.map(({ name }) => name)
/** What each released version knew. */
const RELEASED = [{ version: '0.1.0', migrations: MIGRATIONS.slice(0, 1) }]
const BROKEN: Migration = {
  name: 'broken',
  sqlite: 'CREATE TABLE half (x INTEGER); SELECT nonsense',
  postgres: 'CREATE TABLE half (x INTEGER); SELECT nonsense',
}

describe.each(DIALECTS)('migrations on %s', (dialect) => {
  let scene: TestDatabase
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
  })
  afterEach(() => scene.dispose())

  async function openWith(migrations: readonly Migration[]) {
    const database = await openDatabase({ url: scene.url, connections: 1, migrations })
    await database.close()
  }

  it('are all pending on an empty database, which looking at does not change', async () => {
    const { url } = scene
    expect(await planMigrations(url)).toMatchObject({ dialect, applied: [], pending: NAMES })
    expect(await planMigrations(url)).toMatchObject({ applied: [], pending: NAMES })
    expect(existsSync(url)).toBe(false)
  })

  it('are run by a rehearsal, which leaves nothing behind', async () => {
    const { url } = scene
    const rehearsed = await migrateDatabase({ url, isRehearsal: true })
    expect(rehearsed).toMatchObject({ outcome: 'rehearsed', applied: [], pending: NAMES })
    expect(existsSync(url)).toBe(false)
    expect(await migrateDatabase({ url })).toMatchObject({ outcome: 'migrated', pending: NAMES })
    const again = { outcome: 'nothing-pending', applied: NAMES, pending: [] }
    expect(await migrateDatabase({ url })).toMatchObject(again)
    expect(await migrateDatabase({ url, isRehearsal: true })).toMatchObject(again)
    const database = await scene.open()
    expect(await database.queries.selectFrom('jobs').selectAll().execute()).toEqual([])
  })

  it.each(RELEASED)('lead forward from $version', async ({ migrations }) => {
    const { url } = scene
    await openWith(migrations)
    const before = dialect === 'sqlite' ? readFileSync(url) : undefined
    const plan = { applied: NAMES.slice(0, 1), pending: NAMES.slice(1) }
    const rehearsed = await migrateDatabase({ url, isRehearsal: true })
    expect(rehearsed).toMatchObject({ outcome: 'rehearsed', ...plan })
    if (before) expect(readFileSync(url).equals(before)).toBe(true)
    expect(await migrateDatabase({ url })).toMatchObject({ outcome: 'migrated', ...plan })
    expect(await planMigrations(url)).toMatchObject({ applied: NAMES, pending: [] })
  })

  it('leave the old schema when one fails, in a rehearsal too', async () => {
    const { url } = scene
    await openWith(MIGRATIONS.slice(0, 1))
    const migrations = [...MIGRATIONS, BROKEN]
    for (const isRehearsal of [true, false]) {
      const failing = migrateDatabase({ url, migrations, isRehearsal })
      await expect(failing).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      await expect(failing).rejects.toThrow(/migration "broken": .*nonsense/)
    }
    expect((await planMigrations(url)).pending).toEqual(NAMES.slice(1))
    expect(await migrateDatabase({ url })).toMatchObject({ outcome: 'migrated' })
  })

  it('of a newer version are refused', async () => {
    await openWith([...MIGRATIONS, { name: 'later', sqlite: '', postgres: '' }])
    const details = { found: NAMES.length + 1, known: NAMES.length }
    const refused = { code: 'METADATA_TOO_NEW', details: expect.objectContaining(details) }
    await expect(planMigrations(scene.url)).rejects.toMatchObject(refused)
    await expect(migrateDatabase({ url: scene.url })).rejects.toMatchObject(refused)
    await expect(openDatabase({ url: scene.url })).rejects.toMatchObject(refused)
  })
})

it('says which server does not answer', async () => {
  const planning = planMigrations('postgresql://ana:hunter2@127.0.0.1:1/db')
  await expect(planning).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await expect(planning).rejects.not.toThrow('hunter2')
})
