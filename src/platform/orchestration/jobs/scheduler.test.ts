import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestDatabase,
  DIALECTS,
  type FixedClock,
  fixedClock,
  type TestDatabase,
} from '../../../testkit/index.ts'
import { createLeases } from './database-leases.ts'
import { createScheduler, type Job, type Scheduler, type SchedulerOptions } from './scheduler.ts'

const HOUR_MS = 3_600_000
const START_MS = 1_000

/** Enters a job that is due at once, says when it runs, and runs it for ever. */
function workerProgram(url: string): string {
  const file = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
  return `
import { openDatabase } from ${file('../../database/index.ts')}
import { createLeases } from ${file('./database-leases.ts')}
import { createScheduler } from ${file('./scheduler.ts')}
const database = await openDatabase({ url: ${JSON.stringify(url)} })
const scheduler = createScheduler({
  database, leases: createLeases(database, { owner: 'child' }), ttlMs: 600, pollEveryMs: 10,
  onFailure: (error) => { throw error },
  jobs: [{ name: 'sweep', everyMs: 0, run: async () => { console.log('runs'); await new Promise(() => {}) } }],
})
scheduler.start()
setInterval(() => {}, 1_000)`
}

describe.each(DIALECTS)('scheduler on %s', (dialect) => {
  let scene: TestDatabase
  let clock: FixedClock
  let schedulers: Scheduler[]
  let failures: [unknown, string | undefined][]
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
    clock = fixedClock(START_MS)
    failures = []
    schedulers = []
  })
  afterEach(async () => {
    await Promise.all(schedulers.map((each) => each.stop()))
    await scene.dispose()
  })

  async function server(jobs: readonly Job[], options: Partial<SchedulerOptions> = {}) {
    const database = await scene.open()
    const leases = createLeases(database, { owner: 'a server', clock: options.clock ?? clock })
    const scheduler = createScheduler({
      database,
      leases,
      jobs,
      clock,
      onFailure: (error, job) => failures.push([error, job]),
      ...options,
    })
    schedulers.push(scheduler)
    return scheduler
  }
  function counted(name = 'sweep') {
    const runs: number[] = []
    const run = async () => {
      runs.push(clock.now())
    }
    return { runs, job: { name, everyMs: HOUR_MS, run } }
  }

  it('runs a job when it is due, again and again, and remembers when', async () => {
    const { runs, job } = counted()
    const scheduler = await server([job])
    await scheduler.runDue()
    expect(runs).toEqual([])
    clock.advance(HOUR_MS)
    await scheduler.runDue()
    await scheduler.runDue()
    expect(runs).toEqual([START_MS + HOUR_MS])
    // What was missed is left out, not made up for.
    clock.advance(5 * HOUR_MS)
    await scheduler.runDue()
    await scheduler.runDue()
    expect(runs).toHaveLength(2)
    expect(await scheduler.standings()).toEqual([
      {
        name: 'sweep',
        nextDueMs: START_MS + 7 * HOUR_MS,
        lastStartedMs: START_MS + 6 * HOUR_MS,
        lastEndedMs: START_MS + 6 * HOUR_MS,
        lastError: null,
      },
    ])
  })

  it('runs each job once on many servers, also after a restart', async () => {
    const { runs, job } = counted()
    const other = counted('clean')
    const jobs = [job, other.job]
    const servers = await Promise.all([server(jobs), server(jobs), server(jobs)])
    await Promise.all(servers.map((each) => each.runDue()))
    clock.advance(HOUR_MS)
    await Promise.all(servers.map((each) => each.runDue()))
    expect([runs.length, other.runs.length]).toEqual([1, 1])
    await Promise.all(servers.map((each) => each.stop()))
    const restarted = await server(jobs)
    await restarted.runDue()
    expect(runs).toHaveLength(1)
    clock.advance(HOUR_MS)
    await restarted.runDue()
    expect(runs).toHaveLength(2)
  })

  it('never runs a job twice at the same time', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    let runs = 0
    const job = {
      name: 'slow',
      everyMs: 0,
      run: async () => {
        runs++
        begun.resolve()
        await gate.promise
      },
    }
    const [one, two] = [await server([job]), await server([job])]
    await one.runDue()
    const running = one.runDue()
    await begun.promise
    await two.runDue()
    expect(runs).toBe(1)
    gate.resolve()
    await running
    await two.runDue()
    expect(runs).toBe(2)
  })

  it('records a failure, tells of it, and goes on with the other jobs', async () => {
    const { runs, job } = counted()
    const error = new Error('no disk\0')
    const broken = { name: 'broken', everyMs: HOUR_MS, run: () => Promise.reject(error) }
    const scheduler = await server([broken, job])
    await scheduler.runDue()
    clock.advance(HOUR_MS)
    await scheduler.runDue()
    expect(failures).toEqual([[error, 'broken']])
    expect(runs).toHaveLength(1)
    const [standing] = await scheduler.standings()
    expect(standing).toMatchObject({ name: 'broken', lastError: 'no disk' })
    expect(standing?.nextDueMs).toBe(START_MS + 2 * HOUR_MS)
  })

  it('tells a running job to stop, which is due still', async () => {
    const begun = Promise.withResolvers<void>()
    const job = {
      name: 'long',
      everyMs: 0,
      run: (signal: AbortSignal) => {
        begun.resolve()
        return setTimeout(60_000, undefined, { signal })
      },
    }
    const scheduler = await server([job], { pollEveryMs: 5 })
    scheduler.start()
    await begun.promise
    await scheduler.stop()
    expect(failures).toEqual([])
    const [standing] = await scheduler.standings()
    expect(standing).toMatchObject({ nextDueMs: START_MS, lastEndedMs: null, lastError: null })
    const { runs, job: again } = counted('long')
    await (await server([again])).runDue()
    expect(runs).toHaveLength(1)
  })

  it('tells of a database that does not answer, and looks again later', async () => {
    const told = Promise.withResolvers<unknown>()
    const database = await scene.open()
    await database.close()
    const scheduler = createScheduler({
      database,
      leases: createLeases(database, { owner: 'a server' }),
      jobs: [counted().job],
      pollEveryMs: 5,
      onFailure: (error, job) => told.resolve([error, job]),
    })
    scheduler.start()
    expect(await told.promise).toEqual([expect.any(Error), undefined])
    await scheduler.stop()
  })

  it('takes over the job of a server that was killed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', workerProgram(scene.url)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    const [said] = await child.stdout.setEncoding('utf8').take(1).toArray()
    expect(said).toBe('runs\n')
    child.kill('SIGKILL')
    await closed
    const taken = Promise.withResolvers<void>()
    const job = { name: 'sweep', everyMs: HOUR_MS, run: async () => taken.resolve() }
    const real = { now: () => Date.now() }
    const scheduler = await server([job], { clock: real, pollEveryMs: 10 })
    scheduler.start()
    await taken.promise
    expect(failures).toEqual([])
  })
})
