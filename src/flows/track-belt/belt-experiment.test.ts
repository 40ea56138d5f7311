import { describe, expect, test } from 'vitest'
import { createTrackingStore } from '../../platform/tracking/index.ts'
import { createTestDatabase, DIALECTS, fixedClock } from '../../testkit/index.ts'
import { beltExperiment } from './belt-experiment.ts'

const ACTOR = { name: 'ana', from: 'cli' }

describe.each(DIALECTS)("the experiment of a project's belt on %s", (dialect) => {
  test('is made once, beside one of another project, and stays deleted', async () => {
    const metadata = await createTestDatabase(dialect)
    try {
      const store = await createTrackingStore(await metadata.open(), {
        clock: fixedClock(),
        defaultArtifactRoot: 'mlflow-artifacts:/',
      })
      const find = (name: string) =>
        beltExperiment({ project: { name }, actor: ACTOR, tracking: async () => store })

      const churn = await find('churn')
      expect(churn).toMatchObject({ name: 'churn', project: 'churn', lifecycle: 'active' })
      expect(await find('churn')).toEqual(churn)

      await store.createExperiment(ACTOR, { name: 'sales', project: 'default' })
      expect(await find('sales')).toMatchObject({ name: 'sales (belt)', project: 'sales' })

      await store.createExperiment(ACTOR, { name: 'full', project: 'default' })
      await store.createExperiment(ACTOR, { name: 'full (belt)', project: 'default' })
      expect(await find('full')).toBeUndefined()

      await store.setExperimentLifecycle(ACTOR, churn?.id ?? '', 'deleted')
      expect(await find('churn')).toBeUndefined()
    } finally {
      await metadata.dispose()
    }
  })
})
