import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../../platform/database/index.ts'
import { createTestDatabase, fixedClock, type TestDatabase } from '../../../testkit/index.ts'
import { createGovernance } from '../governance/index.ts'
import { createModelCatalog } from './index.ts'

const AT = '2025-03-01T10:00:00.250Z'
const AT_MS = Date.parse(AT)

describe('registry of version 0.1.0', () => {
  let scene: TestDatabase
  beforeEach(async () => {
    scene = await createTestDatabase('sqlite')
  })
  afterEach(() => scene.dispose())

  /** A file as that version left it, by the script that made it. */
  function writeEarlierFile() {
    const file = new DatabaseSync(scene.url)
    file.exec(MIGRATIONS[0]?.sqlite ?? '')
    file.exec('PRAGMA user_version = 1')
    const put = file.prepare(
      'INSERT INTO records (kind, id, digest, json, created_at_ms) VALUES (?, ?, ?, ?, ?)',
    )
    const record = (kind: string, id: string, content: object) =>
      put.run(kind, id, `digest of ${id}`, JSON.stringify(content), AT_MS)
    record('verdict', 'verdict_1', { id: 'verdict_1', outcome: 'yes' })
    for (const version of [1, 2]) {
      record('model-version', `version_${version}`, {
        id: `version_${version}`,
        model: 'delays',
        version,
        artifact: { digest: `digest${version}` },
        lineage: { run: `run_${version}`, evaluation: 'e1', verdict: `verdict_${version}` },
        metrics: { rocAuc: 0.7, f1: null },
        candidate: { name: 'xgb' },
        createdAt: AT,
      })
      file
        .prepare('INSERT INTO model_versions VALUES (?, ?, ?)')
        .run('delays', version, `version_${version}`)
    }
    const change = file.prepare(
      'INSERT INTO environment_changes (id, model, environment, json) VALUES (?, ?, ?, ?)',
    )
    const steps = [
      ['staging', 1, null, 'promote'],
      ['production', 1, null, 'promote'],
      ['staging', 2, 1, 'promote'],
      ['production', 2, 1, 'promote'],
      ['production', 1, 2, 'rollback'],
    ] as const
    steps.forEach(([environment, version, previous, action], i) => {
      const at = new Date(AT_MS + i * 1000).toISOString()
      const json = { environment, version, previous, action, by: 'ana', reason: `step ${i}`, at }
      change.run(`change_${i}`, 'delays', environment, JSON.stringify(json))
    })
    record('belt-run', 'belt_1', { id: 'belt_1', project: 'flights' })
    file.close()
  }

  it('is found again in the catalog, with its history', async () => {
    writeEarlierFile()
    const database = await scene.open()
    const clock = fixedClock()
    const catalog = createModelCatalog(database, { clock })
    expect(await catalog.model('delays')).toMatchObject({ name: 'delays', project: 'flights' })
    expect(await catalog.version('delays', 1)).toMatchObject({
      createdAtMs: AT_MS,
      stage: 'Production',
      environments: ['production'],
      source: 'esteira-artifact:/digest1',
      runId: 'run_1',
      recordId: 'version_1',
      tags: { 'esteira.candidate': 'xgb', 'esteira.metric.rocAuc': '0.7' },
    })
    expect((await catalog.version('delays', 2)).stage).toBe('Staging')
    const governance = createGovernance(database, { clock })
    const place = { environment: 'production' as const }
    expect(await governance.standingAt('delays', place, AT_MS + 3999)).toMatchObject({
      version: 2,
      event: { id: 'change_3', by: 'ana', reason: 'step 3', previous: 1 },
    })
    expect(await governance.standingAt('delays', place, AT_MS + 1000)).toMatchObject({
      version: 1,
      event: { evidence: { run: 'run_1', verdict: 'verdict_1', outcome: 'yes', approvals: [] } },
    })
    expect(await governance.standingAt('delays', place)).toMatchObject({
      version: 1,
      event: { action: 'rollback', atMs: AT_MS + 4000 },
    })
    const next = await catalog.createVersion(
      { name: 'bo', from: 'cli' },
      { model: 'delays', source: 's3://x', artifactUri: 's3://x', user: 'bo' },
    )
    expect(next.version).toBe(3)
  })
})
