import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import type { Database } from '../database/index.ts'
import { createProgressLog } from './progress-log.ts'
import type { ProgressEvent } from './step.ts'

const note = (message: string, atMs = Date.now()): ProgressEvent => ({
  kind: 'note',
  stage: 'training',
  message,
  atMs,
})

describe.each(DIALECTS)('progress log on %s', (dialect) => {
  let scene: TestDatabase
  let database: Database
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    database = await scene.open()
  })
  afterEach(() => scene.dispose())

  const messages = async () => {
    const rows = await database.queries
      .selectFrom('progress_events')
      .select('json')
      .orderBy('sequence')
      .execute()
    return rows.map(({ json }) => JSON.parse(json).event.message)
  }

  it('keeps events in their order, and all of them once it is closed', async () => {
    const log = createProgressLog(database, { project: 'churn', clock: systemClock })
    for (let i = 0; i < 1_200; i++) log.listen(note(String(i)))
    await log.close()
    expect(await messages()).toEqual(Array.from({ length: 1_200 }, (_, i) => String(i)))
  })

  it('forgets what is older than a week', async () => {
    const log = createProgressLog(database, { project: 'churn', clock: systemClock })
    log.listen(note('old', Date.now() - 8 * 86_400_000))
    log.listen(note('new'))
    await log.close()
    expect(await messages()).toEqual(['new'])
  })

  it('tells of a database that is away, and writes later', async () => {
    const failures: unknown[] = []
    let away = true
    const log = createProgressLog(
      {
        ...database,
        get queries() {
          if (away) throw new Error('gone')
          return database.queries
        },
      },
      { project: 'churn', clock: systemClock, onFailure: (error) => failures.push(error) },
    )
    log.listen(note('first'))
    await expect.poll(() => failures.length).toBeGreaterThan(0)
    away = false
    log.listen(note('second'))
    await log.close()
    expect(await messages()).toEqual(['first', 'second'])
  })
})
