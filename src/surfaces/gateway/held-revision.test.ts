import { describe, expect, it } from 'vitest'
import type { ModelVersion } from '../../core/records/index.ts'
import { RequestDeadline } from './admission/deadline.ts'
import { HeldRevision } from './held-revision.ts'
import type { OpenModel, RevisionSource } from './load-revision.ts'
import { createMemoryBudget } from './memory-budget.ts'

/** A model whose thread can be ended, and who remembers by when it was asked to answer. */
function endingModel() {
  const asked: unknown[] = []
  const lives: { hasEnded: boolean }[] = []
  const open = async (): Promise<OpenModel> => {
    const life = { hasEnded: false }
    lives.push(life)
    return {
      predict: async (_inputs, deadline) => {
        asked.push(deadline)
        return { rows: 1, width: 1, output: Float32Array.of(1) }
      },
      get hasEnded() {
        return life.hasEnded
      },
      close: async () => undefined,
    }
  }
  return { asked, lives, open }
}

function held(open: RevisionSource['open']) {
  const budget = createMemoryBudget(150)
  const counts = { loads: 0, unloads: 0, failures: 0 }
  const revision = new HeldRevision(
    {
      version: { version: 1 } as ModelVersion,
      plan: {} as RevisionSource['plan'],
      bytes: 100,
      open,
    },
    { endpoint: 'churn', budget, counts, isPinned: () => false, isShadow: () => false },
  )
  return { revision, budget, counts }
}

const INPUTS = { rows: 1, columns: [[1]], flags: [[]] }

describe('a revision that is held', () => {
  it('tells its model by when the request must be answered', async () => {
    const { asked, open } = endingModel()
    const { revision } = held(open)
    await revision.load()
    const deadline = new RequestDeadline(performance.now(), 60_000, () => false)
    await revision.revision.predict(INPUTS, deadline)
    expect(asked).toEqual([deadline])
  })

  it('loads its model again after the thread that computed it has ended', async () => {
    const { lives, open } = endingModel()
    const { revision, budget, counts } = held(open)
    await revision.load()
    expect([revision.isLoaded, revision.inMemory()]).toEqual([true, undefined])
    Object.assign(lives[0] ?? {}, { hasEnded: true })
    expect(revision.isLoaded).toBe(false)
    await revision.inMemory()
    expect([revision.isLoaded, lives.length, counts.loads, budget.usedBytes]).toEqual([
      true,
      2,
      2,
      100,
    ])
    await revision.close()
    expect(budget.usedBytes).toBe(0)
  })

  it('gives back what it took when it is closed after its thread has ended', async () => {
    const { lives, open } = endingModel()
    const { revision, budget } = held(open)
    await revision.load()
    Object.assign(lives[0] ?? {}, { hasEnded: true })
    await revision.close()
    expect(budget.usedBytes).toBe(0)
  })
})
