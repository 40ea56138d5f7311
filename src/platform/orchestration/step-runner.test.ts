import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineErrors, problem } from '../../core/errors/index.ts'
import { fixedClock } from '../../testkit/index.ts'
import { type Database, openDatabase } from '../database/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openRecordStore,
  type RecordStore,
} from '../storage/index.ts'
import type { ProgressEvent, StepDefinition } from './step.ts'
import { createStepRunner, type StepRunnerOptions } from './step-runner.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-steps-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const outputSchema = z.strictObject({ rows: z.number(), digest: z.string().nullable() })
type Output = z.output<typeof outputSchema>

const errors = defineErrors({
  SOURCE_GONE: problem<{ name: string }>({
    status: 500,
    exit: 'data',
    blame: 'caller',
    message: (d) => `${d.name} is gone`,
    hint: () => 'Bring it back.',
  }),
})

describe('step runner', () => {
  let database: Database
  let store: RecordStore
  let artifacts: ArtifactStore
  let events: ProgressEvent[]
  let runs: number
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(root, 'p-'))
    database = await openDatabase({ url: join(folder, 'metadata.db') })
    store = openRecordStore(database, { project: 'p' })
    artifacts = openArtifactStore(join(folder, 'artifacts'))
    events = []
    runs = 0
  })
  afterEach(() => database.close())

  function runner(options: Partial<StepRunnerOptions> = {}) {
    const clock = fixedClock(1_000)
    const onProgress = (event: ProgressEvent) => events.push(event)
    return createStepRunner({ store, artifacts, clock, onProgress, ...options })
  }
  function step(more: Partial<StepDefinition<Output>> = {}): StepDefinition<Output> {
    return {
      stage: 'collection',
      name: 'fetch flights',
      codeVersion: 1,
      inputs: { path: 'flights.csv', since: undefined, days: [1, 2] },
      output: outputSchema,
      run: async () => {
        runs++
        return { rows: 7, digest: null }
      },
      ...more,
    }
  }
  const kinds = () => events.map((event) => event.kind)

  it('runs a step once and remembers its output, for later processes too', async () => {
    const first = await runner().run(step())
    const again = await runner().run(step())
    expect([first.cached, again.cached, runs]).toEqual([false, true, 1])
    expect(again.output).toEqual({ rows: 7, digest: null })
    expect(again.key).toBe(first.key)
    expect(kinds()).toEqual(['step-started', 'step-finished', 'step-started', 'step-finished'])
    expect((await store.findStep(first.key))?.finishedAt).toBe('1970-01-01T00:00:01.000Z')
  })

  it('runs again when anything that the output depends on changes, and only then', async () => {
    const steps = runner()
    await steps.run(step())
    const same = { days: [1, 2], path: 'flights.csv' }
    expect((await steps.run(step({ inputs: same }))).cached).toBe(true)
    const others = [
      step({ codeVersion: 2 }),
      step({ name: 'fetch weather' }),
      step({ stage: 'features' }),
      step({ inputs: { ...same, days: [2, 1] } }),
    ]
    for (const other of others) expect((await steps.run(other)).cached).toBe(false)
    expect(runs).toBe(5)
  })

  it('runs a step once that is asked for twice at the same time', async () => {
    const steps = runner()
    const both = await Promise.all([steps.run(step()), steps.run(step()), steps.run(step())])
    expect(runs).toBe(1)
    expect(both.map((result) => result.cached)).toEqual([false, true, true])
    expect(both[2]?.output).toEqual(both[0]?.output)
  })

  it('lets different steps run side by side', async () => {
    const steps = runner()
    const gate = Promise.withResolvers<void>()
    const waiting = steps.run(
      step({
        name: 'first',
        run: async () => {
          await gate.promise
          return { rows: 1, digest: null }
        },
      }),
    )
    await steps.run(
      step({
        name: 'second',
        run: async () => {
          gate.resolve()
          return { rows: 2, digest: null }
        },
      }),
    )
    expect((await waiting).output.rows).toBe(1)
  })

  it('runs again, and says why, when a stored output no longer fits', async () => {
    await runner().run(step())
    const wider = z.strictObject({ rows: z.number(), columns: z.number() })
    const { artifacts: _, ...rest } = step()
    const changed = { ...rest, output: wider, run: async () => ({ rows: 7, columns: 3 }) }
    const result = await runner().run(changed)
    expect(result.output).toEqual({ rows: 7, columns: 3 })
    const note = events.find((event) => event.kind === 'note')
    expect(note).toMatchObject({
      stage: 'collection',
      message: expect.stringContaining('no longer fits'),
    })
  })

  it('runs again when an artifact of the output is gone', async () => {
    const withArtifact = step({
      artifacts: (output) => (output.digest === null ? [] : [output.digest]),
      run: async () => {
        runs++
        return { rows: 1, digest: (await artifacts.putBytes('table', { name: 't' })).digest }
      },
    })
    const first = await runner().run(withArtifact)
    expect((await runner().run(withArtifact)).cached).toBe(true)
    const path = artifacts.pathOf(String(first.output.digest))
    chmodSync(path, 0o644)
    rmSync(path)
    expect((await runner().run(withArtifact)).cached).toBe(false)
    expect(runs).toBe(2)
    expect(kinds()).toContain('note')
  })

  it('remembers no output that is invalid or names an artifact nobody stored', async () => {
    const invalid = step({ run: async () => ({ rows: 'many', digest: null }) as unknown as Output })
    await expect(runner().run(invalid)).rejects.toMatchObject({ code: 'STEP_FAILED' })
    const lost = step({
      run: async () => ({ rows: 1, digest: 'f'.repeat(64) }),
      artifacts: (output) => [String(output.digest)],
    })
    await expect(runner().run(lost)).rejects.toMatchObject({
      code: 'STEP_FAILED',
      message: expect.stringContaining('not in the store'),
    })
    expect((await runner().run(step())).cached).toBe(false)
  })

  it('wraps what breaks inside a step, and lets named errors through', async () => {
    const broken = step({ run: () => Promise.reject(new TypeError('x is not a function')) })
    await expect(runner().run(broken)).rejects.toMatchObject({
      code: 'STEP_FAILED',
      blame: 'system',
      message: 'Step "fetch flights" of collection failed: x is not a function',
      cause: expect.any(TypeError),
    })
    const known = errors.SOURCE_GONE({ name: 'flights' })
    await expect(runner().run(step({ run: () => Promise.reject(known) }))).rejects.toBe(known)
    expect(events.filter((event) => event.kind === 'step-failed')).toMatchObject([
      { code: 'STEP_FAILED' },
      { code: 'SOURCE_GONE', message: 'flights is gone' },
    ])
    expect((await runner().run(step())).cached).toBe(false)
  })

  it('starts nothing after a stop, and tells a running step', async () => {
    const stop = new AbortController()
    const steps = runner({ signal: stop.signal })
    const running = steps.run(
      step({
        run: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('told')))
            stop.abort()
          }),
      }),
    )
    await expect(running).rejects.toMatchObject({ code: 'RUN_INTERRUPTED', exit: 'interrupted' })
    await expect(steps.run(step({ name: 'next' }))).rejects.toMatchObject({
      code: 'RUN_INTERRUPTED',
    })
    expect(runs).toBe(0)
    expect((await runner().run(step())).cached).toBe(false)
  })

  it('keeps a step that finished although the stop had come', async () => {
    const stop = new AbortController()
    const finishing = step({
      run: async () => {
        stop.abort()
        return { rows: 9, digest: null }
      },
    })
    await runner({ signal: stop.signal }).run(finishing)
    expect((await runner().run(finishing)).cached).toBe(true)
  })

  it('passes progress on and adds up the time of workers', async () => {
    const working = step({
      run: async (context) => {
        context.progress(0.5, 'half')
        context.progress(7)
        context.addWorkerMs(30)
        context.addWorkerMs(12)
        return { rows: 1, digest: null }
      },
    })
    const result = await runner().run(working)
    expect(result.workerMs).toBe(42)
    expect(events.filter((event) => event.kind === 'step-progress')).toMatchObject([
      { share: 0.5, message: 'half', atMs: 1_000 },
      { share: 1 },
    ])
    expect((await runner().run(working)).workerMs).toBe(0)
  })

  it('hands on exactly what a later run will read back', async () => {
    const loose = z.object({ seen: z.unknown() })
    const { artifacts: _, ...rest } = step()
    const dated = { ...rest, output: loose, run: async () => ({ seen: new Date(0) }) }
    const fresh = await runner().run(dated)
    const later = await runner().run(dated)
    expect(fresh.output).toEqual({ seen: '1970-01-01T00:00:00.000Z' })
    expect(later.output).toEqual(fresh.output)
  })
})
