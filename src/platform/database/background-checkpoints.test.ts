import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDatabase } from './open-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-checkpoints-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('moves what a busy process wrote into the file while it goes on writing', async () => {
  const path = join(folder, 'metadata.db')
  const database = await openDatabase({ url: path })
  const write = (key: string) =>
    database.transaction((transaction) =>
      transaction
        .insertInto('steps')
        .values({ key, json: JSON.stringify('x'.repeat(500)) })
        .execute(),
    )
  for (let i = 0; i < 1_000; i++) await write(`before-${i}`)
  const before = statSync(path).size
  for (let i = 0; i < 1_000; i++) await write(`after-${i}`)
  await expect
    .poll(() => statSync(path).size, { timeout: 20_000 })
    .toBeGreaterThan(before + 400_000)
  await database.close()

  const again = await openDatabase({ url: path })
  const { count } = await again.queries
    .selectFrom('steps')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  expect(count).toBe(2_000)
  await again.close()
})
