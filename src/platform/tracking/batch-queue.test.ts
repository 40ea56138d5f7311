import { describe, expect, it } from 'vitest'
import { databaseErrors } from '../database/index.ts'
import { BatchQueue, type WaitingBatch } from './batch-queue.ts'

const by = { name: 'ana', from: 'test' }

function batch(runId: string, entries: number): WaitingBatch {
  const parameters = Array.from({ length: entries }, (_, i) => ({ key: `k${i}`, value: '' }))
  return { by, runId, batch: { metrics: [], parameters, tags: {} } }
}

describe('batch queue', () => {
  it('writes what waits together, in order, and never two groups at once', async () => {
    const groups: string[][] = []
    let writing = 0
    const queue = new BatchQueue(async (group) => {
      expect(++writing).toBe(1)
      groups.push(group.map(({ runId }) => runId))
      await new Promise((resolve) => setTimeout(resolve, 5))
      writing--
      return group.map(() => undefined)
    })
    const first = queue.add(batch('a', 1))
    await new Promise((resolve) => setTimeout(resolve, 2))
    await Promise.all([first, ...['b', 'c', 'd'].map((id) => queue.add(batch(id, 1)))])
    expect(groups.flat()).toEqual(['a', 'b', 'c', 'd'])
    expect(groups.length).toBeLessThanOrEqual(2)
  })

  it('bounds a group', async () => {
    const sizes: number[] = []
    const queue = new BatchQueue(async (group) => {
      sizes.push(group.length)
      return group.map(() => undefined)
    })
    await Promise.all(Array.from({ length: 50 }, () => queue.add(batch('a', 999))))
    expect(sizes).toEqual([20, 20, 10])
  })

  it('refuses more than may wait, retryably, and goes on afterwards', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const queue = new BatchQueue(async (group) => {
      await gate
      return group.map(() => undefined)
    })
    const kept = Array.from({ length: 500 }, () => queue.add(batch('a', 999)))
    const refused = queue.add(batch('a', 999))
    await expect(refused).rejects.toMatchObject({ code: 'TRACKING_OVERLOADED', retryable: true })
    release()
    await Promise.all(kept)
    await queue.add(batch('a', 999))
  })

  it('lets a batch that the database refuses fail alone', async () => {
    const queue = new BatchQueue(async (group) => {
      if (group.some(({ runId }) => runId === 'bad'))
        throw databaseErrors.DATABASE_FAILED({ path: 'x', reason: 'no' })
      return group.map(() => undefined)
    })
    const outcomes = await Promise.allSettled(
      ['a', 'bad', 'b'].map((runId) => queue.add(batch(runId, 1))),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('fails a group as one when the database is gone', async () => {
    const queue = new BatchQueue(async () => {
      throw databaseErrors.DATABASE_UNREACHABLE({ path: 'x', reason: 'gone' })
    })
    const outcomes = await Promise.allSettled(['a', 'b'].map((id) => queue.add(batch(id, 1))))
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ reason: { code: 'DATABASE_UNREACHABLE' } })
  })
})
