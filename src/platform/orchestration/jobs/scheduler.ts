import { isPlatformError } from '../../../core/errors/index.ts'
import { type Clock, systemClock } from '../../../core/time/index.ts'
import type { Database } from '../../database/index.ts'
import type { Lease, Leases } from './lease.ts'

const DEFAULT_POLL_MS = 1_000
/** Between looks at a database that does not answer, at most. */
const LONGEST_POLL_MS = 30_000
const DEFAULT_TTL_MS = 30_000
const LONGEST_ERROR = 2_000
/** What clocks of several machines may differ by. */
const CLOCKS_DIFFER_MS = 60_000

/** Something to be done again and again, by one server at a time. */
export interface Job {
  readonly name: string
  /** From the beginning of a run to the next; the first one comes this long after the job is new. */
  readonly everyMs: number
  /** Stops when the signal is aborted: the server stops, or another one has taken the job over. */
  run(signal: AbortSignal): Promise<void>
}

export interface SchedulerOptions {
  readonly database: Database
  readonly leases: Leases
  readonly jobs: readonly Job[]
  /** Told of every run that failed, and of a database that does not answer (`job` is undefined). */
  readonly onFailure: (error: unknown, job: string | undefined) => void
  readonly clock?: Clock
  /** How long a job of a server that was killed waits for another server. @default 30,000 */
  readonly ttlMs?: number
  /** Between looks at what is due, in milliseconds. @default 1,000 */
  readonly pollEveryMs?: number
}

/** How a job stands, as the database has it. */
export interface JobStanding {
  readonly name: string
  readonly nextDueMs: number
  readonly lastStartedMs: number | null
  readonly lastEndedMs: number | null
  /** Null when the last run ended well. */
  readonly lastError: string | null
}

/**
 * Runs jobs when they are due, side by side with the schedulers of other servers on the same
 * database. A run that was cut off is due still, and taken up when its lease is over.
 */
export interface Scheduler {
  start(): void
  /** Runs what is due now, and waits for it. Jobs that another server runs are left to it. */
  runDue(): Promise<void>
  standings(): Promise<JobStanding[]>
  /** Aborts what is under way, and waits until it has ended. */
  stop(): Promise<void>
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new LeasingScheduler(options)
}

class LeasingScheduler implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> = Promise.resolve()

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  start(): void {
    this.#pollAfter(this.#pollMs())
  }

  async runDue(): Promise<void> {
    await Promise.all(await this.#beginDue())
  }

  async standings(): Promise<JobStanding[]> {
    const { database, jobs } = this.#options
    if (jobs.length === 0) return []
    const rows = await database.queries
      .selectFrom('jobs')
      .selectAll()
      .where(
        'name',
        'in',
        jobs.map(({ name }) => name),
      )
      .orderBy('name')
      .execute()
    return rows.map((row) => ({
      name: row.name,
      nextDueMs: row.next_due_ms,
      lastStartedMs: row.last_started_ms,
      lastEndedMs: row.last_ended_ms,
      lastError: row.last_error,
    }))
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    clearTimeout(this.#timer)
    await this.#polling
    await Promise.all(this.#running.values())
  }

  #pollMs(): number {
    return this.#options.pollEveryMs ?? DEFAULT_POLL_MS
  }

  #pollAfter(pauseMs: number): void {
    if (this.#stopped.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#polling = this.#beginDue().then(
        () => this.#pollAfter(this.#pollMs()),
        (error: unknown) => {
          this.#options.onFailure(error, undefined)
          this.#pollAfter(Math.max(this.#pollMs(), Math.min(2 * pauseMs, LONGEST_POLL_MS)))
        },
      )
    }, pauseMs)
    // A server lives by its port, not by its jobs.
    this.#timer.unref()
  }

  /** @returns the runs that began, and those under way; none of them ever fails. */
  async #beginDue(): Promise<Promise<void>[]> {
    const standings = new Map((await this.standings()).map((standing) => [standing.name, standing]))
    const nowMs = this.#clock.now()
    for (const job of this.#options.jobs) {
      const standing = standings.get(job.name)
      if (standing === undefined) await this.#enter(job)
      else if (standing.nextDueMs <= nowMs || standing.nextDueMs > latestDueMs(job, nowMs)) {
        this.#begin(job)
      }
    }
    return [...this.#running.values()]
  }

  /** A job that is new is due after its interval; what another server entered first stays. */
  async #enter({ name, everyMs }: Job): Promise<void> {
    await this.#options.database.queries
      .insertInto('jobs')
      .values({ name, next_due_ms: Math.round(this.#clock.now() + everyMs) })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute()
  }

  #begin(job: Job): void {
    if (this.#running.has(job.name) || this.#stopped.signal.aborted) return
    const run = this.#runUnderLease(job)
      .catch((error: unknown) => this.#options.onFailure(error, job.name))
      .finally(() => this.#running.delete(job.name))
    this.#running.set(job.name, run)
  }

  async #runUnderLease(job: Job): Promise<void> {
    const { leases, ttlMs = DEFAULT_TTL_MS } = this.#options
    const { signal } = this.#stopped
    await leases.withLease(`job/${job.name}`, { ttlMs, signal }, async (held, lease) => {
      // Whoever held the lease a moment ago may have done it.
      const startedMs = await this.#startIfDue(job, lease)
      if (startedMs !== undefined) await this.#runNow(job, held, { lease, startedMs })
    })
  }

  async #startIfDue(job: Job, lease: Lease): Promise<number | undefined> {
    const startedMs = Math.round(this.#clock.now())
    const latestMs = latestDueMs(job, startedMs)
    return this.#options.database.transaction(async (transaction) => {
      await this.#options.leases.guard(transaction, lease)
      const { numUpdatedRows } = await transaction
        .updateTable('jobs')
        .set({ last_started_ms: startedMs })
        .where('name', '=', job.name)
        .where((where) =>
          where.or([where('next_due_ms', '<=', startedMs), where('next_due_ms', '>', latestMs)]),
        )
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n ? startedMs : undefined
    })
  }

  async #runNow(
    job: Job,
    signal: AbortSignal,
    begun: { readonly lease: Lease; readonly startedMs: number },
  ): Promise<void> {
    try {
      await job.run(signal)
    } catch (error) {
      // Cut off by a stop: it is due still, for the next server.
      if (this.#stopped.signal.aborted && isInterruption(error)) return
      // Told before it is recorded: the database may be what failed.
      this.#options.onFailure(error, job.name)
      await this.#end(job, begun, textOf(error))
      return
    }
    await this.#end(job, begun, null)
  }

  /** The next run is due an interval after this one began; a late server leaves out what it missed. */
  async #end(
    { name, everyMs }: Job,
    { lease, startedMs }: { readonly lease: Lease; readonly startedMs: number },
    last_error: string | null,
  ): Promise<void> {
    const endedMs = Math.round(this.#clock.now())
    await this.#options.database.transaction(async (transaction) => {
      await this.#options.leases.guard(transaction, lease)
      await transaction
        .updateTable('jobs')
        .set({
          last_ended_ms: endedMs,
          last_error,
          next_due_ms: Math.round(startedMs + everyMs),
        })
        .where('name', '=', name)
        .execute()
    })
  }
}

/** A job that is due later than that was entered before the clock was set back: it is due now. */
function latestDueMs({ everyMs }: Job, nowMs: number): number {
  return Math.round(nowMs + everyMs + CLOCKS_DIFFER_MS)
}

function isInterruption(error: unknown): boolean {
  if (isPlatformError(error)) return error.exit === 'interrupted'
  return error instanceof Error && error.name === 'AbortError'
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // PostgreSQL keeps no NUL in texts.
  return text.replaceAll('\0', '').slice(0, LONGEST_ERROR)
}
