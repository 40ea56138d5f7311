import { describe, expect, it, onTestFinished } from 'vitest'
import { type EndpointState, projectSchema } from '../core/records/index.ts'
import { endpointStateName } from '../stages/deployment/index.ts'
import { createTestDatabase, DIALECTS } from '../testkit/index.ts'
import type { Platform } from './platform.ts'
import { HOUR, openRolloutScene, T0 } from './rollout/fixtures/rollout-scene.ts'
import { readWatch, watchNext } from './watch.ts'

const MEASURED = { errors: 0, resources: null, wallClockMs: null }

describe.each(DIALECTS)('windows that are caught up on %s', (dialect) => {
  it('keep a decision to retrain that nobody has carried out yet', async () => {
    const clock = { now: () => T0 + 100 * HOUR }
    const strategy = { kind: 'blue-green' } as const
    const database = await createTestDatabase(dialect)
    const scene = await openRolloutScene({ database, strategy, clock })
    onTestFinished(() => scene.close())
    const opened = await scene.process()
    const project = projectSchema.parse({
      ...opened.project,
      monitoring: { window: '1h', minRows: 10 },
      retraining: { triggers: [{ on: 'schedule', every: '1h' }], cooldown: '30d' },
    })
    const state: EndpointState = {
      endpoint: 'churn',
      model: 'churn',
      state: 'stable',
      stable: 1,
      previous: null,
      canary: null,
      trial: null,
      updatedAt: new Date(T0).toISOString(),
    }
    const name = endpointStateName('churn')
    await opened.store.writeState(name, state, (await opened.store.readState(name)).revision)
    const platform = { ...opened, project } as unknown as Platform
    const outcomes: string[] = []
    const nowMs = T0 + 6 * HOUR
    for (let next = await watchNext(platform, nowMs, MEASURED); next !== undefined; ) {
      outcomes.push(next.decision.outcome)
      next = await watchNext(platform, nowMs, MEASURED)
    }
    const decided = outcomes.indexOf('retrain')
    // Else nothing was decided, or nothing came after it, and this would show nothing.
    expect([decided >= 0, outcomes.length > decided + 1]).toEqual([true, true])
    expect(outcomes.slice(decided + 1)).not.toContain('retrain')
    const { value } = await readWatch(platform)
    expect(value?.pending).toEqual(expect.any(String))
  })
})
