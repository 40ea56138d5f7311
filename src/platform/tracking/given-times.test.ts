import { describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, fixedClock } from '../../testkit/index.ts'
import { createTrackingStore } from './index.ts'

const by = { name: 'ana', from: 'test' }

describe.each(DIALECTS)('what is brought over to %s', (dialect) => {
  it('keeps the time when it was made, if that is given', async () => {
    const scene = await createTestDatabase(dialect)
    try {
      const clock = fixedClock()
      const defaultArtifactRoot = 'mlflow-artifacts:/'
      const store = await createTrackingStore(await scene.open(), { clock, defaultArtifactRoot })
      const given = { name: 'old', project: 'default', createdAtMs: 7 }
      const { id } = await store.createExperiment(by, given)
      expect(await store.experiment(id)).toMatchObject({ createdAtMs: 7, updatedAtMs: 7 })
      const model = await store.createLoggedModel(by, { experimentId: id, createdAtMs: 9 })
      expect(await store.loggedModel(model.id)).toMatchObject({ createdAtMs: 9, updatedAtMs: 9 })
      const now = await store.createExperiment(by, { name: 'new', project: 'default' })
      expect(now.createdAtMs).toBe(clock.now())
    } finally {
      await scene.dispose()
    }
  })
})
