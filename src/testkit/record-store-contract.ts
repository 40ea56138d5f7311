import type { RolloutDecision, StepRecord } from '../core/records/index.ts'
import type { RecordStore } from '../platform/storage/index.ts'
import { type ContractTools, codeOf } from './contract-tools.ts'

export interface OpenedRecordStore {
  readonly store: RecordStore
  /** A second connection to the same data, as another process would open it; of the same project by default. */
  reopen(project?: string): Promise<RecordStore>
  /** Closes everything and removes the data. */
  dispose(): Promise<void>
}

function decision(id: string, percent = 10): RolloutDecision {
  return {
    id,
    endpoint: 'delays',
    action: 'advance',
    version: 3,
    percent,
    reasons: [{ code: 'CANARY_HEALTHY', message: 'Fine', values: { errors: 0 } }],
    at: '2026-01-01T00:00:00.000Z',
  }
}

function step(output: unknown): StepRecord {
  const finishedAt = '2026-01-01T00:00:00.000Z'
  return { key: 'a'.repeat(64), stage: 'training', name: 'fit', output, durationMs: 12, finishedAt }
}

/** Everything the port `RecordStore` promises, as tests: `recordStoreContract(vitest, open)`. */
export function recordStoreContract(
  tools: ContractTools,
  open: () => Promise<OpenedRecordStore>,
): void {
  const check = (name: string, body: (opened: OpenedRecordStore) => Promise<void>) =>
    tools.it(name, async () => {
      const opened = await open()
      try {
        await body(opened)
      } finally {
        await opened.dispose()
      }
    })
  tools.describe('record store contract', () => {
    recordChecks(tools, check)
    stepAndStateChecks(tools, check)
    transactionChecks(tools, check)
    raceChecks(tools, check)
    scopeChecks(tools, check)
  })
}

type Check = (name: string, body: (opened: OpenedRecordStore) => Promise<void>) => void

function recordChecks({ expect }: ContractTools, check: Check): void {
  check(
    'gives a record back as it was put, to another connection too',
    async ({ store, reopen }) => {
      await store.put('rollout-decision', 'd1', decision('d1'))
      expect(await store.get('rollout-decision', 'd1')).toEqual(decision('d1'))
      expect(await (await reopen()).get('rollout-decision', 'd1')).toEqual(decision('d1'))
      expect(await store.get('rollout-decision', 'd2')).toBe(undefined)
      expect(await store.get('run', 'd1')).toBe(undefined)
    },
  )

  check('takes the same content under the same id as no change', async ({ store }) => {
    await store.put('rollout-decision', 'd1', decision('d1'))
    await store.put('rollout-decision', 'd1', decision('d1'))
    expect((await store.list('rollout-decision')).length).toBe(1)
  })

  check('refuses other content under a known id and keeps the first', async ({ store }) => {
    await store.put('rollout-decision', 'd1', decision('d1'))
    const put = () => store.put('rollout-decision', 'd1', decision('d1', 20))
    expect(await codeOf(put)).toBe('RECORD_CONFLICT')
    expect(await store.get('rollout-decision', 'd1')).toEqual(decision('d1'))
  })

  check('refuses a record that does not fit its schema', async ({ store }) => {
    const broken = { ...decision('d1'), percent: 'ten' } as unknown as RolloutDecision
    const put = () => store.put('rollout-decision', 'd1', broken)
    expect(await codeOf(put)).toBe('RECORD_INVALID')
    expect(await store.list('rollout-decision')).toEqual([])
  })

  check('lists the newest first, up to the limit', async ({ store }) => {
    for (const id of ['d1', 'd2', 'd3']) await store.put('rollout-decision', id, decision(id))
    const ids = async (limit?: number) => {
      const listed = await store.list('rollout-decision', limit === undefined ? {} : { limit })
      return listed.map((stored) => stored.record.id)
    }
    expect(await ids()).toEqual(['d3', 'd2', 'd1'])
    expect(await ids(2)).toEqual(['d3', 'd2'])
  })
}

function stepAndStateChecks({ expect }: ContractTools, check: Check): void {
  check('finds a step by its key; a step run again replaces it', async ({ store, reopen }) => {
    expect(await store.findStep('a'.repeat(64))).toBe(undefined)
    await store.saveStep(step({ rows: 1 }))
    await store.saveStep(step({ rows: 2 }))
    expect(await (await reopen()).findStep('a'.repeat(64))).toEqual(step({ rows: 2 }))
  })

  check('changes a state only from its current revision', async ({ store, reopen }) => {
    const other = await reopen()
    expect(await store.readState('endpoint/x')).toEqual({ revision: 0, value: undefined })
    expect(await store.writeState('endpoint/x', { stable: 1 }, 0)).toBe(1)
    expect(await other.writeState('endpoint/x', { stable: 2 }, 1)).toBe(2)
    expect(await codeOf(() => store.writeState('endpoint/x', { stable: 3 }, 1))).toBe(
      'STATE_CONFLICT',
    )
    expect(await codeOf(() => store.writeState('endpoint/x', { stable: 3 }, 0))).toBe(
      'STATE_CONFLICT',
    )
    expect(await codeOf(() => store.writeState('endpoint/new', {}, 1))).toBe('STATE_CONFLICT')
    expect(await store.readState('endpoint/x')).toEqual({ revision: 2, value: { stable: 2 } })
  })
}

function transactionChecks({ expect }: ContractTools, check: Check): void {
  check('does all of a transaction or nothing', async ({ store, reopen }) => {
    const work = () =>
      store.transaction(async (inner) => {
        await inner.put('rollout-decision', 'd1', decision('d1'))
        await inner.writeState('endpoint/x', { stable: 1 }, 0)
        throw new Error('stop')
      })
    expect(String(await codeOf(work))).toMatch(/stop/)
    expect(await store.list('rollout-decision')).toEqual([])
    expect((await store.readState('endpoint/x')).revision).toBe(0)
    const count = await store.transaction(async (inner) => {
      await inner.put('rollout-decision', 'd1', decision('d1'))
      return (await inner.list('rollout-decision')).length
    })
    expect(count).toBe(1)
    expect((await (await reopen()).list('rollout-decision')).length).toBe(1)
  })

  check('undoes an inner transaction alone', async ({ store }) => {
    await store.transaction(async (outer) => {
      await outer.put('rollout-decision', 'd1', decision('d1'))
      const failing = () =>
        outer.transaction(async (inner) => {
          await inner.put('rollout-decision', 'd2', decision('d2'))
          throw new Error('stop')
        })
      expect(String(await codeOf(failing))).toMatch(/stop/)
      await outer.put('rollout-decision', 'd3', decision('d3'))
    })
    const ids = (await store.list('rollout-decision')).map((stored) => stored.id)
    expect(ids).toEqual(['d3', 'd1'])
  })

  check('lets transactions of a project wait for each other', async ({ store, reopen }) => {
    const other = await reopen()
    const add = (to: RecordStore) =>
      to.transaction(async (inner) => {
        const { revision, value = 0 } = await inner.readState<number>('count')
        await inner.writeState('count', value + 1, revision)
      })
    await Promise.all(Array.from({ length: 12 }, (_, i) => add(i % 2 === 0 ? store : other)))
    expect(await store.readState('count')).toEqual({ revision: 12, value: 12 })
  })
}

function raceChecks({ expect }: ContractTools, check: Check): void {
  check('lets one of many writers change a state', async ({ store, reopen }) => {
    const stores = [store, await reopen()]
    for (const revision of [0, 1]) {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          (stores[i % 2] ?? store).writeState('endpoint/x', { i }, revision),
        ),
      )
      expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    }
    expect((await store.readState('endpoint/x')).revision).toBe(2)
  })
}

function scopeChecks({ expect }: ContractTools, check: Check): void {
  check('keeps projects apart', async ({ store, reopen }) => {
    const other = await reopen('another-project')
    await store.put('rollout-decision', 'd1', decision('d1'))
    await store.writeState('endpoint/x', { stable: 1 }, 0)
    expect(await other.get('rollout-decision', 'd1')).toBe(undefined)
    expect(await other.list('rollout-decision')).toEqual([])
    expect(await other.readState('endpoint/x')).toEqual({ revision: 0, value: undefined })
    await other.put('rollout-decision', 'd1', decision('d1', 20))
    expect(await other.writeState('endpoint/x', { stable: 7 }, 0)).toBe(1)
    expect(await store.get('rollout-decision', 'd1')).toEqual(decision('d1'))
    expect(await store.readState('endpoint/x')).toEqual({ revision: 1, value: { stable: 1 } })
  })

  check('shares finished steps, which depend on their content alone', async ({ store, reopen }) => {
    await store.saveStep(step({ rows: 1 }))
    const other = await reopen('another-project')
    expect(await other.findStep('a'.repeat(64))).toEqual(step({ rows: 1 }))
  })
}
