import type { EnvironmentChange, RolloutDecision, StepRecord } from '../core/records/index.ts'
import type { RecordStore } from '../platform/storage/index.ts'
import { type ContractTools, codeOf } from './contract-tools.ts'

export interface OpenedRecordStore {
  readonly store: RecordStore
  /** A second connection to the same data, as another process would open it. */
  reopen(): RecordStore
  /** Closes everything and removes the data. */
  dispose(): void
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

function change(id: string, environment: 'staging' | 'production'): EnvironmentChange {
  return {
    id,
    model: 'delays',
    environment,
    version: 1,
    previous: null,
    action: 'promote',
    by: 'ana',
    reason: 'gate passed',
    at: '2026-01-01T00:00:00.000Z',
  }
}

function step(output: unknown): StepRecord {
  const finishedAt = '2026-01-01T00:00:00.000Z'
  return { key: 'a'.repeat(64), stage: 'training', name: 'fit', output, durationMs: 12, finishedAt }
}

/** Everything the port `RecordStore` promises, as tests: `recordStoreContract(vitest, open)`. */
export function recordStoreContract(tools: ContractTools, open: () => OpenedRecordStore): void {
  const check = (name: string, body: (opened: OpenedRecordStore) => void | Promise<void>) =>
    tools.it(name, async () => {
      const opened = open()
      try {
        await body(opened)
      } finally {
        opened.dispose()
      }
    })
  tools.describe('record store contract', () => {
    recordChecks(tools, check)
    stepAndStateChecks(tools, check)
    historyChecks(tools, check)
    transactionChecks(tools, check)
  })
}

type Check = (name: string, body: (opened: OpenedRecordStore) => void | Promise<void>) => void

function recordChecks({ expect }: ContractTools, check: Check): void {
  check('gives a record back as it was put, to another connection too', ({ store, reopen }) => {
    store.put('rollout-decision', 'd1', decision('d1'))
    expect(store.get('rollout-decision', 'd1')).toEqual(decision('d1'))
    expect(reopen().get('rollout-decision', 'd1')).toEqual(decision('d1'))
    expect(store.get('rollout-decision', 'd2')).toBe(undefined)
    expect(store.get('run', 'd1')).toBe(undefined)
  })

  check('takes the same content under the same id as no change', ({ store }) => {
    store.put('rollout-decision', 'd1', decision('d1'))
    store.put('rollout-decision', 'd1', decision('d1'))
    expect(store.list('rollout-decision').length).toBe(1)
  })

  check('refuses other content under a known id and keeps the first', async ({ store }) => {
    store.put('rollout-decision', 'd1', decision('d1'))
    const put = () => store.put('rollout-decision', 'd1', decision('d1', 20))
    expect(await codeOf(put)).toBe('RECORD_CONFLICT')
    expect(store.get('rollout-decision', 'd1')).toEqual(decision('d1'))
  })

  check('refuses a record that does not fit its schema', async ({ store }) => {
    const broken = { ...decision('d1'), percent: 'ten' } as unknown as RolloutDecision
    const put = () => store.put('rollout-decision', 'd1', broken)
    expect(await codeOf(put)).toBe('RECORD_INVALID')
    expect(store.list('rollout-decision')).toEqual([])
  })

  check('lists the newest first, up to the limit', ({ store }) => {
    for (const id of ['d1', 'd2', 'd3']) store.put('rollout-decision', id, decision(id))
    const ids = (limit?: number) =>
      store
        .list('rollout-decision', limit === undefined ? {} : { limit })
        .map((stored) => stored.record.id)
    expect(ids()).toEqual(['d3', 'd2', 'd1'])
    expect(ids(2)).toEqual(['d3', 'd2'])
  })
}

function stepAndStateChecks({ expect }: ContractTools, check: Check): void {
  check('finds a step by its key; a step run again replaces it', ({ store, reopen }) => {
    expect(store.findStep('a'.repeat(64))).toBe(undefined)
    store.saveStep(step({ rows: 1 }))
    store.saveStep(step({ rows: 2 }))
    expect(reopen().findStep('a'.repeat(64))).toEqual(step({ rows: 2 }))
  })

  check('changes a state only from its current revision', async ({ store, reopen }) => {
    const other = reopen()
    expect(store.readState('endpoint/x')).toEqual({ revision: 0, value: undefined })
    expect(store.writeState('endpoint/x', { stable: 1 }, 0)).toBe(1)
    expect(other.writeState('endpoint/x', { stable: 2 }, 1)).toBe(2)
    expect(await codeOf(() => store.writeState('endpoint/x', { stable: 3 }, 1))).toBe(
      'STATE_CONFLICT',
    )
    expect(await codeOf(() => store.writeState('endpoint/x', { stable: 3 }, 0))).toBe(
      'STATE_CONFLICT',
    )
    expect(await codeOf(() => store.writeState('endpoint/new', {}, 1))).toBe('STATE_CONFLICT')
    expect(store.readState('endpoint/x')).toEqual({ revision: 2, value: { stable: 2 } })
  })
}

function historyChecks({ expect }: ContractTools, check: Check): void {
  check('numbers versions from 1 for each model, one number for one id', ({ store, reopen }) => {
    expect(store.allocateVersion('delays', 'v_a')).toBe(1)
    expect(reopen().allocateVersion('delays', 'v_b')).toBe(2)
    expect(store.allocateVersion('delays', 'v_a')).toBe(1)
    expect(store.allocateVersion('cancellations', 'v_a')).toBe(1)
  })

  check('keeps the history of environments in the order of writing', async ({ store, reopen }) => {
    store.appendEnvironmentChange(change('c2', 'staging'))
    reopen().appendEnvironmentChange(change('c1', 'production'))
    store.appendEnvironmentChange(change('c3', 'staging'))
    store.appendEnvironmentChange(change('c3', 'staging'))
    const ids = (environment?: 'staging' | 'production') =>
      store.environmentHistory('delays', environment).map((entry) => entry.id)
    expect(ids()).toEqual(['c2', 'c1', 'c3'])
    expect(ids('staging')).toEqual(['c2', 'c3'])
    expect(store.environmentHistory('other')).toEqual([])
    const again = () => store.appendEnvironmentChange(change('c1', 'staging'))
    expect(await codeOf(again)).toBe('RECORD_CONFLICT')
  })
}

function transactionChecks({ expect }: ContractTools, check: Check): void {
  check('does all of a transaction or nothing', async ({ store, reopen }) => {
    const work = () =>
      store.transaction(() => {
        store.put('rollout-decision', 'd1', decision('d1'))
        store.writeState('endpoint/x', { stable: 1 }, 0)
        throw new Error('stop')
      })
    expect(String(await codeOf(work))).toMatch(/stop/)
    expect(store.list('rollout-decision')).toEqual([])
    expect(store.readState('endpoint/x').revision).toBe(0)
    const count = store.transaction(() => {
      store.put('rollout-decision', 'd1', decision('d1'))
      return store.list('rollout-decision').length
    })
    expect(count).toBe(1)
    expect(reopen().list('rollout-decision').length).toBe(1)
  })

  check('undoes an inner transaction alone', async ({ store }) => {
    store.transaction(() => {
      store.put('rollout-decision', 'd1', decision('d1'))
      try {
        store.transaction(() => {
          store.put('rollout-decision', 'd2', decision('d2'))
          throw new Error('stop')
        })
      } catch {
        store.put('rollout-decision', 'd3', decision('d3'))
      }
    })
    expect(store.list('rollout-decision').map((stored) => stored.id)).toEqual(['d3', 'd1'])
  })

  check('refuses work that is not synchronous', async ({ store }) => {
    const work = () =>
      store.transaction(async () => store.put('rollout-decision', 'd1', decision('d1')))
    expect(String(await codeOf(work))).toMatch(/synchronous/)
    expect(store.list('rollout-decision')).toEqual([])
  })
}
