import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTestDatabase, DIALECTS } from '../testkit/index.ts'
import { keepWatch, watchJob } from './keep-watch.ts'
import { openPlatform } from './platform.ts'

const PROJECT = {
  name: 'churn',
  problem: {
    statement: 'Will this customer leave within 30 days?',
    type: 'binary-classification',
    target: 'gone',
  },
  sources: { customers: { kind: 'csv', path: 'customers.csv' } },
  dataset: { sql: 'SELECT * FROM customers', id: 'id', inputs: ['age'] },
  candidates: [{ name: 'simple', estimator: 'logistic-regression' }],
  gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.7 }] },
}

const GATEWAY = {
  errorsByVersion: () => ({}),
  resources: () => null,
  reload: async () => {},
}

describe.each(DIALECTS)('the watch on %s', (dialect) => {
  async function openProject() {
    const folder = mkdtempSync(join(tmpdir(), 'esteira-watch-'))
    writeFileSync(join(folder, 'esteira.config.json'), JSON.stringify(PROJECT))
    const scene = await createTestDatabase(dialect)
    const platform = await openPlatform({ projectFolder: folder, databaseUrl: scene.url })
    onTestFinished(async () => {
      await platform.close()
      await scene.dispose()
      rmSync(folder, { recursive: true, force: true })
    })
    return platform
  }

  it('looks again and again, and says and records when it cannot', async () => {
    const platform = await openProject()
    const failed = Promise.withResolvers<unknown>()
    const watch = keepWatch(platform, { gateway: GATEWAY, everyMs: 1, onFailure: failed.resolve })
    expect(await failed.promise).toMatchObject({ code: 'NOTHING_DEPLOYED' })
    await watch.stop()
    const { name } = watchJob(platform, { gateway: GATEWAY, everyMs: 1 })
    const job = await platform.database.queries
      .selectFrom('jobs')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    expect(job.last_error).toContain('churn')
  })
})
